import { TAG } from '../../host/ec2/tags.ts';
import type { Site } from '../../inventory/index.ts';
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

/** In the order in which a node needs them. */
export function addonsWanted(site: Pick<Site, 'name' | 'addons'>): AddonWant[] {
  return [
    { name: 'eks-pod-identity-agent', onNodes: false },
    { name: 'vpc-cni', identity: { serviceAccount: 'aws-node', role: 'vpc-cni' }, onNodes: false },
    { name: 'kube-proxy', onNodes: false },
    { name: 'coredns', onNodes: true },
    {
      name: 'aws-ebs-csi-driver',
      identity: { serviceAccount: 'ebs-csi-controller-sa', role: 'ebs-csi' },
      // Volumes outlive a cluster that is removed before them: so that the leak check finds them.
      configuration: { controller: { extraVolumeTags: { [TAG.site]: site.name } } },
      onNodes: true,
    },
    ...(site.addons['metrics-server'] ? [{ name: 'metrics-server', onNodes: true }] : []),
  ];
}
