import type { KubeObject } from '../../engine/index.ts';

/** A control plane's own work runs where nothing else does. */
const TOLERATIONS = [
  { key: 'CriticalAddonsOnly', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node-role.kubernetes.io/master', operator: 'Exists', effect: 'NoSchedule' },
];

export interface DeploymentWant {
  name: string;
  namespace: string;
  /** Of the pods, and by which they are selected. */
  labels: Readonly<Record<string, string>>;
  pod: Readonly<Record<string, unknown>> & { containers: readonly object[] };
  /** Seconds that a pod must have run to count, for a program that cannot be asked whether it works. */
  minReadySeconds?: number;
}

/** One pod, on a node of the control plane too; the old one serves until the new one is ready. */
export const deployment = ({ name, namespace, labels, pod, minReadySeconds }: DeploymentWant): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace, labels: { ...labels } },
  spec: {
    replicas: 1,
    revisionHistoryLimit: 1,
    ...(minReadySeconds !== undefined && { minReadySeconds }),
    selector: { matchLabels: labels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: { metadata: { labels }, spec: { tolerations: TOLERATIONS, ...pod } },
  },
});

/** Images are on the node: pulling is for those that are not. */
export const container = (want: { name: string; image: string } & Record<string, unknown>): object => ({
  imagePullPolicy: 'IfNotPresent',
  ...want,
});

/** For programs that need nothing of the host. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
} as const;
