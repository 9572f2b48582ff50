import type { KubeObject } from '../../../engine/index.ts';
import { toYaml } from '../../../shell/index.ts';
import { clusterRoleBinding, serviceAccount } from '../../manifests/rbac.ts';
import { container, deployment, RESTRICTED } from '../../manifests/workload.ts';
import { NAMESPACE, POD_VOLUMES, VOLUME_POLICY } from './names.ts';

const NAME = 'velero';
export const NODE_AGENT = 'node-agent';
const PRIVILEGED = 'privileged';

export interface VeleroImages {
  /** Holds /velero, /velero-restore-helper and /velero-helper: restored pods wait in the same image. */
  velero: string;
  /** Its program puts the plugin where the server looks for it. */
  plugin: string;
}

/** Before anything else: the node-agent reads every pod's volumes, so its pods are privileged. */
export const namespaceObject = (): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': PRIVILEGED } },
});

export const serverObjects = (images: VeleroImages): KubeObject[] => [
  serviceAccount(NAMESPACE, NAME),
  volumePolicy(),
  // A restore creates whatever was backed up: upstream's own binding.
  clusterRoleBinding(NAME, 'cluster-admin', NAMESPACE, NAME),
  server(images),
  nodeAgent(images.velero),
];

/** An emptyDir is no data: without this each one of each pod is a snapshot of its own. */
const volumePolicy = (): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: VOLUME_POLICY, namespace: NAMESPACE },
  data: {
    'policy.yaml': toYaml({
      version: 'v1',
      volumePolicies: [{ conditions: { volumeTypes: ['emptyDir'] }, action: { type: 'skip' } }],
    }),
  },
});

const from = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const ENV = [
  from('VELERO_NAMESPACE', 'metadata.namespace'),
  { name: 'VELERO_SCRATCH_DIR', value: '/scratch' },
  { name: 'HOME', value: '/scratch' },
];

const SCRATCH = { name: 'scratch', emptyDir: {} };
const SCRATCH_MOUNTS = [
  { name: 'scratch', mountPath: '/scratch', subPath: 'scratch' },
  { name: 'scratch', mountPath: '/tmp', subPath: 'tmp' },
];

function server({ velero, plugin }: VeleroImages): KubeObject {
  const made = deployment({
    name: NAME,
    namespace: NAMESPACE,
    labels: { deploy: NAME },
    pod: {
      serviceAccountName: NAME,
      securityContext: { runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 },
      initContainers: [
        container({
          name: 'plugin',
          image: plugin,
          volumeMounts: [{ name: 'plugins', mountPath: '/target' }],
          securityContext: RESTRICTED,
        }),
      ],
      containers: [
        container({
          name: NAME,
          image: velero,
          command: ['/velero'],
          args: [
            'server',
            '--uploader-type=kopia',
            '--default-volumes-to-fs-backup=true',
            // One restore that hangs holds up every other one: four hours is its default.
            '--fs-backup-timeout=30m',
            // Maintenance replaces blobs that sealed sets name, and calls a repository with lost content healthy.
            '--default-repo-maintain-frequency=8760h',
          ],
          env: ENV,
          ports: [{ name: 'metrics', containerPort: 8085 }],
          resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '512Mi' } },
          volumeMounts: [{ name: 'plugins', mountPath: '/plugins' }, ...SCRATCH_MOUNTS],
          securityContext: RESTRICTED,
        }),
      ],
      volumes: [{ name: 'plugins', emptyDir: {} }, SCRATCH],
    },
  });
  // Two servers at once would both take the same backup.
  const spec = { ...(made.spec as object), strategy: { type: 'Recreate' } };
  return { ...made, spec };
}

const hostPath = (name: string, path: string) => ({ name, hostPath: { path } });

function nodeAgent(image: string): KubeObject {
  const labels = { name: NODE_AGENT, role: NODE_AGENT };
  const plugins = '/var/lib/kubelet/plugins';
  // Volumes that are mounted after the agent has started reach it only so.
  const mountPropagation = 'HostToContainer';
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: NODE_AGENT, namespace: NAMESPACE, labels },
    spec: {
      revisionHistoryLimit: 1,
      selector: { matchLabels: { name: NODE_AGENT } },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: NAME,
          securityContext: { runAsUser: 0 },
          // On every node: a volume whose node has none is never read.
          tolerations: [{ operator: 'Exists' }],
          containers: [
            container({
              name: NODE_AGENT,
              image,
              command: ['/velero'],
              args: [NODE_AGENT, 'server'],
              env: [...ENV, from('NODE_NAME', 'spec.nodeName')],
              resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '512Mi' } },
              volumeMounts: [
                { name: 'host-pods', mountPath: '/host_pods', mountPropagation },
                { name: 'host-plugins', mountPath: plugins, mountPropagation },
                ...SCRATCH_MOUNTS,
              ],
            }),
          ],
          volumes: [hostPath('host-pods', POD_VOLUMES), hostPath('host-plugins', plugins), SCRATCH],
        },
      },
    },
  };
}
