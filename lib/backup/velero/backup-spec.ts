import type { KubeObject } from '../../engine/index.ts';
import { type Covered, LEFT_OUT } from './claims.ts';
import { API, LOCATION, NAMESPACE, VOLUME_POLICY } from './names.ts';

/** Run once, or about the past: a restored Job would run again. */
const EXCLUDED = ['jobs.batch', 'events', 'events.events.k8s.io', 'leases.coordination.k8s.io'];

/** Velero's own expiry is off the table: a set expires as a whole, by muster. */
const TTL = '87600h';

export interface BackupWant {
  name: string;
  namespaces: readonly string[];
  /** Their pods are left out: with them go their volumes, which another source has. */
  covered: readonly Covered[];
}

export const backupObject = ({ name, namespaces, covered }: BackupWant): KubeObject => ({
  apiVersion: API,
  kind: 'Backup',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    includedNamespaces: namespaces,
    excludedResources: EXCLUDED,
    storageLocation: LOCATION,
    defaultVolumesToFsBackup: true,
    snapshotVolumes: false,
    resourcePolicy: { kind: 'configmap', name: VOLUME_POLICY },
    // What has no such label is taken: objects other than pods.
    labelSelector: { matchExpressions: leftOut(covered) },
    ttl: TTL,
  },
});

const leftOut = (covered: readonly Covered[]): object[] => [
  ...LEFT_OUT.map(({ key, value }) =>
    value === undefined ? { key, operator: 'DoesNotExist' } : { key, operator: 'NotIn', values: [value] },
  ),
  ...(covered.length === 0
    ? []
    : [{ key: 'statefulset.kubernetes.io/pod-name', operator: 'NotIn', values: covered.map(({ pod }) => pod) }]),
];
