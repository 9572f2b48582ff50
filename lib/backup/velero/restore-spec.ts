import type { KubeObject } from '../../engine/index.ts';
import { toYaml } from '../../shell/index.ts';
import { NAMESPACE as APP } from '../postgres/names.ts';
import { type Covered, HEARTBEAT, OF_APP, OF_JOB } from './claims.ts';
import { API, NAMESPACE } from './names.ts';

/** Of the application. */
interface Asleep {
  kind: string;
  resource: string;
  namespace: string;
  name: string;
}

/** The database until pgBackRest has filled its volume. */
const DATABASE: Asleep = { kind: 'StatefulSet', resource: 'statefulsets.apps', namespace: APP, name: 'postgres' };
/** The heartbeat until canaries are counted. */
const BEAT: Asleep = { kind: 'Deployment', resource: 'deployments.apps', namespace: APP, name: 'app-heartbeat' };
/** What may come back asleep. */
export const KEPT_DOWN = [DATABASE, BEAT];

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
    data: { 'modifiers.yaml': modifiers(covered.length > 0 ? KEPT_DOWN : [BEAT], mapping !== undefined) },
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
      orLabelSelectors: awake(covered).map(matchExpressions => ({ matchExpressions })),
      ...(mapping && { namespaceMapping: mapping }),
      resourceModifier: { kind: 'ConfigMap', name },
      // What lives is never written over.
      existingResourcePolicy: 'none',
      itemOperationTimeout: '30m',
    },
  },
];

/** Either of these: what is of the application and not to stay away, or what is of others. */
function awake(covered: readonly Covered[]): object[][] {
  const done = { key: OF_JOB, operator: 'DoesNotExist' };
  const not = (key: string, ...values: string[]) => ({ key, operator: 'NotIn', values });
  const pods = covered.map(({ pod }) => pod);
  return [
    [
      done,
      not(HEARTBEAT.key, HEARTBEAT.value),
      ...(pods.length > 0 ? [not('statefulset.kubernetes.io/pod-name', ...pods)] : []),
    ],
    [done, not(OF_APP.key, OF_APP.value)],
  ];
}

/** Velero goes by the namespace of the backup, whatever the mapping. */
const modifiers = (down: readonly Asleep[], beside: boolean): string =>
  toYaml({
    version: 'v1',
    resourceModifierRules: [
      ...down.map(({ resource, namespace, name }) => ({
        conditions: { groupResource: resource, resourceNameRegex: `^${name}$`, namespaces: [namespace] },
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
