import { TAG } from '../../host/ec2/tags.ts';
import type { Fence } from '../../host/fence.ts';
import type { Site } from '../../inventory/index.ts';
import { storeServer } from '../store-server.ts';
import type { RolePart } from './role.ts';

/** An add-on of EKS: EKS installs it, and upgrades it when asked. */
export interface AddonWant {
  name: string;
  /** Its pods run as this account with this role, by pod identity. */
  identity?: { serviceAccount: string; role: RolePart };
  /** Values of its schema. */
  configuration?: object;
  /** Has pods that run on nodes like others: it works once there are some. */
  onNodes: boolean;
}

/** The driver that makes volumes of EBS. */
export const DRIVER = 'aws-ebs-csi-driver';

/** What it puts on every volume. Volumes outlive a cluster that is removed before them: so that they are found, and end. */
export const volumeTags = (tags: Readonly<Record<string, string>>) => ({ controller: { extraVolumeTags: tags } });

/** In the order in which a node needs them. `store`: what the fence of a rehearsal lets through. */
export function addonsWanted(site: Pick<Site, 'name' | 'addons'>, store?: Fence['store']): AddonWant[] {
  return [
    { name: 'eks-pod-identity-agent', onNodes: false },
    { name: 'vpc-cni', identity: { serviceAccount: 'aws-node', role: 'vpc-cni' }, onNodes: false },
    { name: 'kube-proxy', onNodes: false },
    {
      name: 'coredns',
      ...(store?.name !== undefined && { configuration: { corefile: withStore(store.name, store.address) } }),
      onNodes: true,
    },
    {
      name: DRIVER,
      identity: { serviceAccount: 'ebs-csi-controller-sa', role: 'ebs-csi' },
      configuration: volumeTags({ [TAG.site]: site.name }),
      onNodes: true,
    },
    ...(site.addons['metrics-server'] ? [{ name: 'metrics-server', onNodes: true }] : []),
  ];
}

/** EKS's own, and a server for one name: of the many addresses that a store in AWS has, the fence lets one through. */
const withStore = (name: string, address: string): string => `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
${storeServer(name, address)}`;
