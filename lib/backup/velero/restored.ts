import { isRecord } from '../../cluster/index.ts';
import type { ClusterApi, Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import type { VolumeFacts } from '../set.ts';
import { API, NAMESPACE } from './names.ts';
import { backupOf, isOver, listOf, steadily } from './progress.ts';
import type { PodVolume } from './record.ts';

export interface RestoreSeen {
  phase: string;
  /** PodVolumeRestores that are Completed. */
  volumes: number;
  /** As many as the backup has volumes, and Velero is through with it. */
  whole: boolean;
  /** 'app/app-backend-1 avatars: Failed (BLOB not found)', and what Velero refused. */
  failed: string[];
}

/** By what was done with each volume. The phase says PartiallyFailed for good where the store is read-only. */
export async function readRestore(api: ClusterApi, name: string, wanted: number): Promise<RestoreSeen | undefined> {
  const found = await api.get({ apiVersion: API, kind: 'Restore', namespace: NAMESPACE, name });
  if (!found) return undefined;
  const status = isRecord(found.status) ? found.status : {};
  const refused = Array.isArray(status.validationErrors) ? status.validationErrors.map(String) : [];
  return restoreSeen(String(status.phase ?? 'New'), await restoresOf(api, name), wanted, refused);
}

export const restoresOf = (api: ClusterApi, name: string) =>
  listOf(api, 'PodVolumeRestore', `velero.io/restore-name=${name}`);

/** Pure. */
export function restoreSeen(
  phase: string,
  all: readonly PodVolume[],
  wanted: number,
  refused: readonly string[],
): RestoreSeen {
  const volumes = all.filter(each => each.phase === 'Completed').length;
  const failed = all
    .filter(each => ['Failed', 'Canceled'].includes(each.phase))
    .map(each => `${each.namespace}/${each.pod} ${each.volume}: ${each.phase} (${each.message})`);
  return { phase, volumes, whole: isOver(phase) && volumes === wanted, failed: [...refused, ...failed] };
}

/** A rebuilt cluster learns of its backups from the bucket, in its own time, one object after the other. */
export async function waitForBackupOf(name: string, volumes: readonly VolumeFacts[], ctx: Ctx): Promise<void> {
  await ctx.wait({
    what: `Backup ${name} and its ${volumes.length} volumes to be known to the cluster`,
    deadline: minutes(5),
    every: 1000,
    hint: 'kubectl -n velero get backupstoragelocation,backup,podvolumebackup',
    probe: steadily(ctx, async api => {
      const [backup, known] = await Promise.all([
        backupOf(api, name),
        listOf(api, 'PodVolumeBackup', `velero.io/backup-name=${name}`),
      ]);
      const missing = volumes.filter(({ snapshot }) => !known.some(each => each.snapshot === snapshot));
      if (backup && missing.length === 0) return { value: true };
      return { saw: `${backup ? `Backup ${backup.phase}` : 'no Backup'}, ${missing.length} volumes missing` };
    }),
  });
}

/** Errors: VELERO_PARTIAL naming the volumes; WAIT_TIMEOUT with the states and the pods that hold it up. */
export async function waitForRestore(name: string, wanted: number, ctx: Ctx): Promise<void> {
  await ctx.wait({
    what: `Restore ${name} to bring ${wanted} volumes back`,
    deadline: minutes(25),
    every: 1000,
    hint: 'kubectl -n velero get restore,podvolumerestore; kubectl get pods -A: which one waits?',
    probe: steadily(ctx, async api => {
      const seen = await readRestore(api, name, wanted);
      if (!seen) throw partial(name, ['it is not there any more']);
      if (seen.failed.length > 0) throw partial(name, seen.failed);
      if (seen.whole) return { value: true };
      const states = `${seen.phase}, ${seen.volumes} of ${wanted} volumes`;
      if (isOver(seen.phase)) throw partial(name, [states]);
      return { saw: states };
    }),
  });
}

const partial = (name: string, details: readonly string[]) =>
  new OpsError('VELERO_PARTIAL', `cannot bring every volume back with Restore ${name}: ${details[0]}`, { details });
