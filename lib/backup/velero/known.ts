import { isRecord } from '../../cluster/index.ts';
import type { ClusterApi, KubeObject, KubeRef, ObjectStore } from '../../engine/index.ts';
import { API, backupKeys, LOCATION, NAMESPACE } from './names.ts';
import { readJson } from './record.ts';

const LOCATION_LABEL = 'velero.io/storage-location';
const UID_LABEL = 'velero.io/backup-uid';

/**
 * Velero looks for backups in its bucket once a minute, whatever its location says: a good part of a rebuild. So the
 * objects that it would make of the bucket are made here, as its backup_sync_controller does it. What is there is left
 * alone. A bucket without the backup: Velero's own look is what remains.
 */
export async function makeKnown(name: string, api: ClusterApi, store: ObjectStore): Promise<void> {
  const keys = backupKeys(name);
  if (!(await store.head(keys.backup))) return;
  const [backup, volumes] = await Promise.all([readJson(store, keys.backup, false), readJson(store, keys.podVolumes)]);
  const made = await ensure(api, backupKnown(backup));
  for (const volume of Array.isArray(volumes) ? volumes : [])
    await ensure(api, volumeKnown(volume, name, String(made.metadata.uid)));
}

async function ensure(api: ClusterApi, object: KubeObject): Promise<KubeObject> {
  const { apiVersion, kind, metadata } = object;
  const ref: KubeRef = { apiVersion, kind, name: metadata.name, namespace: NAMESPACE };
  return (await api.get(ref)) ?? (await api.apply(object));
}

/** Pure. Hooks are for those who make a backup; this one is made. */
export function backupKnown(found: unknown): KubeObject {
  const { spec, status, metadata } = partsOf(found);
  const { hooks: _, ...kept } = spec;
  return {
    ...known('Backup', metadata, { [LOCATION_LABEL]: LOCATION }),
    spec: { ...kept, storageLocation: LOCATION },
    status,
  };
}

/** Pure. Its owner is the Backup of this cluster. */
export function volumeKnown(found: unknown, backup: string, uid: string): KubeObject {
  const { spec, status, metadata } = partsOf(found);
  const object = known('PodVolumeBackup', metadata, { [UID_LABEL]: uid });
  const owner = { apiVersion: API, kind: 'Backup', name: backup, uid, controller: true };
  return {
    ...object,
    metadata: { ...object.metadata, ownerReferences: [owner] },
    spec: { ...spec, backupStorageLocation: LOCATION },
    status,
  };
}

/** What the source's cluster gave it stays there. */
function known(kind: string, metadata: Record<string, unknown>, labels: Record<string, string>): KubeObject {
  const { annotations } = metadata;
  return {
    apiVersion: API,
    kind,
    metadata: {
      name: String(metadata.name),
      namespace: NAMESPACE,
      labels: { ...(record(metadata.labels) as Record<string, string>), ...labels },
      ...(isRecord(annotations) && { annotations: annotations as Record<string, string> }),
    },
  };
}

const record = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

/** Go writes null for what is not there; to the API that is a value of the wrong type. */
const withoutNulls = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, each) => (each === null ? undefined : each));

function partsOf(found: unknown) {
  const { spec, status, metadata } = record(withoutNulls(found));
  return { spec: record(spec), status: record(status), metadata: record(metadata) };
}
