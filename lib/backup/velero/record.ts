import { gunzipSync } from 'node:zlib';
import { isRecord } from '../../cluster/index.ts';
import type { ObjectStore } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import { backupKeys } from './names.ts';

/** What Velero wrote about a backup into the bucket: not its phase alone, which says Completed over what it skipped. */
export interface BackupRecord {
  phase: string;
  errors: string[];
  warnings: string[];
  volumes: readonly VolumeInfo[];
  podVolumes: readonly PodVolume[];
}

export interface VolumeInfo {
  namespace: string;
  claim: string;
  skipped: boolean;
  reason: string;
  result: string;
  snapshot: string;
}

export interface PodVolume {
  namespace: string;
  pod: string;
  volume: string;
  phase: string;
  snapshot: string;
  message: string;
}

/** Errors: VELERO_PARTIAL when a part of the record is not there or cannot be read; STORE_*. */
export async function readRecord(store: ObjectStore, name: string): Promise<BackupRecord> {
  const keys = backupKeys(name);
  const [backup, results, volumes, podVolumes] = await Promise.all([
    readJson(store, keys.backup, false),
    readJson(store, keys.results),
    readJson(store, keys.volumes),
    readJson(store, keys.podVolumes),
  ]);
  return {
    phase: String(record(record(backup).status).phase ?? 'none'),
    errors: said(record(results).errors),
    warnings: said(record(results).warnings),
    volumes: records(volumes).map(volumeInfo),
    podVolumes: records(podVolumes).map(podVolume),
  };
}

const volumeInfo = (entry: Record<string, unknown>): VolumeInfo => ({
  namespace: text(entry.pvcNamespace),
  claim: text(entry.pvcName),
  skipped: entry.skipped === true,
  reason: text(entry.skippedReason),
  result: text(entry.result),
  snapshot: text(record(entry.pvbInfo).snapshotHandle),
});

/** A PodVolumeBackup, from the bucket or from the cluster. */
export function podVolume(object: Record<string, unknown>): PodVolume {
  const { spec, status } = { spec: record(object.spec), status: record(object.status) };
  const pod = record(spec.pod);
  return {
    namespace: text(pod.namespace),
    pod: text(pod.name),
    volume: text(spec.volume),
    phase: text(status.phase),
    snapshot: text(status.snapshotID),
    message: text(status.message),
  };
}

/** Errors: VELERO_PARTIAL when it is not there or is no JSON; STORE_*. */
export async function readJson(store: ObjectStore, key: string, gzipped = true): Promise<unknown> {
  const bytes = await store.get(key);
  if (!bytes) throw new OpsError('VELERO_PARTIAL', `cannot tell what was backed up: ${key} is not in the store`);
  try {
    return JSON.parse((gzipped ? gunzipSync(bytes) : Buffer.from(bytes)).toString('utf8'));
  } catch (cause) {
    if (isOpsError(cause)) throw cause;
    throw new OpsError('VELERO_PARTIAL', `cannot tell what was backed up: ${key} cannot be read`, { cause });
  }
}

/** Velero's results: by velero, cluster and namespaces, each a list of lines. */
function said(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return isRecord(value) ? Object.values(value).flatMap(said) : [];
}

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const record = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});
const records = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isRecord) : []);
