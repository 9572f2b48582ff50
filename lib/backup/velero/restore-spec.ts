import type { KubeObject } from '../../engine/index.ts';
import { toYaml } from '../../shell/index.ts';
import { type Covered, NOT_RESTORED } from './claims.ts';
import { API, NAMESPACE } from './names.ts';

/** Comes back asleep: the database until pgBackRest has filled its volume, the heartbeat until canaries are counted. */
export const KEPT_DOWN = [
  { kind: 'StatefulSet', resource: 'statefulsets.apps', name: 'postgres' },
  { kind: 'Deployment', resource: 'deployments.apps', name: 'app-heartbeat' },
] as const;

/** Run once, about the past, or another source's: restored they would run again, or lie. */
const EXCLUDED = ['jobs.batch', 'nodes', 'events', 'events.events.k8s.io', 'backups.velero.io', 'restores.velero.io'];

export interface RestoreWant {
  /** Of the Restore, and of the ConfigMap with its modifiers. */
  name: string;
  backup: string;
  namespaces: readonly string[];
  /** Their pods stay away: one would make an empty database before its StatefulSet is there to be at 0. */
  covered: readonly Covered[];
  /** From a namespace of the backup to another one, for a copy beside the original. */
  mapping?: Readonly<Record<string, string>>;
}

/** The Restore, after the ConfigMap that it names. */
export const restoreObjects = ({ name, backup, namespaces, covered, mapping }: RestoreWant): KubeObject[] => [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: NAMESPACE },
    data: { 'modifiers.yaml': modifiers(mapping !== undefined) },
  },
  {
    apiVersion: API,
    kind: 'Restore',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      backupName: backup,
      includedNamespaces: namespaces,
      excludedResources: EXCLUDED,
      // Here, not in the Backup: there a running pod comes in with its claim, whatever its labels.
      labelSelector: { matchExpressions: awake(covered) },
      ...(mapping && { namespaceMapping: mapping }),
      resourceModifier: { kind: 'ConfigMap', name },
      // What lives is never written over.
      existingResourcePolicy: 'none',
      itemOperationTimeout: '30m',
    },
  },
];

const awake = (covered: readonly Covered[]): object[] => [
  ...NOT_RESTORED.map(({ key, value }) =>
    value === undefined ? { key, operator: 'DoesNotExist' } : { key, operator: 'NotIn', values: [value] },
  ),
  ...(covered.length === 0
    ? []
    : [{ key: 'statefulset.kubernetes.io/pod-name', operator: 'NotIn', values: covered.map(({ pod }) => pod) }]),
];

const modifiers = (beside: boolean): string =>
  toYaml({
    version: 'v1',
    resourceModifierRules: [
      ...KEPT_DOWN.map(({ resource, name }) => ({
        conditions: { groupResource: resource, resourceNameRegex: `^${name}$` },
        mergePatches: [{ patchData: JSON.stringify({ spec: { replicas: 0 } }) }],
      })),
      // Beside the original its port of the node is taken: the copy gets another one.
      ...(beside ? [ANY_NODE_PORT] : []),
    ],
  });

const ANY_NODE_PORT = {
  conditions: { groupResource: 'services', matches: [{ path: '/spec/type', value: 'NodePort' }] },
  patches: [{ operation: 'remove', path: '/spec/ports/0/nodePort' }],
};
