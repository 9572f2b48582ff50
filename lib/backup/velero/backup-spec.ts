import type { KubeObject } from '../../engine/index.ts';
import { API, LOCATION, NAMESPACE, VOLUME_POLICY } from './names.ts';

/** Run once, or about the past: a restored Job would run again. */
const EXCLUDED = ['jobs.batch', 'events', 'events.events.k8s.io', 'leases.coordination.k8s.io'];

/** Velero's own expiry is off the table: a set expires as a whole, by muster. */
const TTL = '87600h';

export interface BackupWant {
  name: string;
  namespaces: readonly string[];
}

export const backupObject = ({ name, namespaces }: BackupWant): KubeObject => ({
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
    ttl: TTL,
  },
});
