import type { Taint } from '@aws-sdk/client-eks';
import { stringify } from 'yaml';
import { siteRecipe } from '../../../../../lib/artifact/index.ts';
import { imageRefs } from '../../../../../lib/artifact/site-artifacts.ts';
import type { Site } from '../../../../../lib/inventory/index.ts';
import { artifactPath } from '../../../../lab/container-host.ts';

/** What control planes and nodes are started from: the lab binary, which docs/lab-binary.md describes, and images. */
export interface LabFiles {
  binary: string;
  /** One archive. */
  images: string;
  /** By name in the lock. */
  refs: Readonly<Record<string, string>>;
}

/** Kubernetes' minor, and the version in full, of the lab binary: there is no other. */
export const MINOR = '1.36';
const VERSION = 'v1.36.3+k3s-lab';

const LAB = {
  ...{ name: 'host', environment: 'lab', hosts: [], artifacts: { sources: ['module'] } },
  cluster: { kind: 'k3s', version: VERSION },
  addons: { coredns: true, 'local-path': true, 'metrics-server': false },
} as unknown as Site;

const part = (name: 'k3s' | 'images') =>
  artifactPath(LAB, async project => {
    const recipe = await siteRecipe(LAB, name, project);
    if (!recipe) throw new Error(`a lab site has no ${name}`);
    return recipe;
  });

/** By the name `kubectl` it is that. */
export const labBinary = (): Promise<string> => part('k3s');

export async function labFiles(project: string): Promise<LabFiles> {
  return { binary: await labBinary(), images: await part('images'), refs: await imageRefs(LAB, project) };
}

export const BINARY = '/usr/local/bin/k3s';
export const IMAGES = '/var/lib/rancher/k3s/agent/images/muster-images.tar';
const WEBHOOK = '/etc/eks/webhook.yaml';

/** Files of a disk, by path. */
type Files = Record<string, string>;

interface Joined {
  name: string;
  address: string;
  token: string;
  pause: string | undefined;
}

/**
 * A kubelet that registers no node: nobody sees the control plane of EKS as one. Yet it reaches the pods of all. It ends every two and a
 * half minutes, and the API with it for some seconds: it finds no node for its CSINode (pkg/volume/csi/csi_plugin.go, "Failed to
 * initialize CSINode after retrying").
 */
export const planeFiles = ({ name, address, token, pause }: Joined, webhook: string): Files => ({
  '/etc/rancher/k3s/config.yaml': stringify({
    ...{ 'node-name': name, 'node-ip': address, token, 'tls-san': ['127.0.0.1', address], 'pause-image': pause },
    'kubelet-arg': ['register-node=false'],
    'kube-apiserver-arg': [
      `authentication-token-webhook-config-file=${WEBHOOK}`,
      'authentication-token-webhook-version=v1',
      // A token that is refused now is refused now.
      'authentication-token-webhook-cache-ttl=1s',
    ],
  }),
  [WEBHOOK]: stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'webhook' },
    clusters: [{ name: 'webhook', cluster: { server: webhook } }],
    users: [{ name: 'webhook', user: {} }],
    contexts: [{ name: 'webhook', context: { cluster: 'webhook', user: 'webhook' } }],
  }),
  ...unit('server'),
});

const EFFECTS = { NO_SCHEDULE: 'NoSchedule', NO_EXECUTE: 'NoExecute', PREFER_NO_SCHEDULE: 'PreferNoSchedule' } as const;

export const nodeFiles = (
  { name, address, token, pause }: Joined,
  plane: string,
  taints: readonly Taint[] = [],
): Files => ({
  '/etc/rancher/k3s/config.yaml': stringify({
    ...{ 'node-name': name, 'node-ip': address, token, 'pause-image': pause },
    server: `https://${plane}:6443`,
    'node-taint': taints.map(({ key, value = '', effect }) => `${key}=${value}:${EFFECTS[effect ?? 'NO_SCHEDULE']}`),
  }),
  ...unit('agent'),
});

/** A registry of this computer, which a node sees at another address. */
export const registryFiles = ({ host, port }: { host: string; port: number }): Files => ({
  // containerd 2.3 takes its two default roots for the name of one.
  [`/etc/containerd/certs.d:/etc/docker/certs.d/${host}/hosts.toml`]: `server = "http://10.0.2.2:${port}"\n`,
});

const unit = (role: 'server' | 'agent'): Files => {
  const text = `[Unit]
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${BINARY} ${role}
KillMode=process
Delegate=yes
TasksMax=infinity
Restart=always
RestartSec=2
`;
  const dir = '/etc/systemd/system';
  return { [`${dir}/k3s.service`]: text, [`${dir}/multi-user.target.d/k3s.conf`]: '[Unit]\nWants=k3s.service\n' };
};
