import { isRecord } from '../../cluster/index.ts';
import type { ClusterApi, Ctx } from '../../engine/index.ts';
import { isOpsError, OpsError, oneLine } from '../../errors/index.ts';
import { minutes, type Seen } from '../../time/index.ts';
import { API, NAMESPACE } from './names.ts';
import { podVolume } from './record.ts';

export interface BackupSeen {
  name: string;
  phase: string;
  /** UTC, ISO 8601. */
  started: string;
  /** Why it was not even begun. */
  refused: string[];
}

/** A hint that it is over: what it says is never taken for what is. */
const OVER = ['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation'];
export const isOver = (phase: string): boolean => OVER.includes(phase);

export async function backupOf(api: ClusterApi, name: string): Promise<BackupSeen | undefined> {
  const found = await api.get({ apiVersion: API, kind: 'Backup', namespace: NAMESPACE, name });
  if (!found) return undefined;
  const status = isRecord(found.status) ? found.status : {};
  return {
    name,
    phase: String(status.phase ?? 'New'),
    started: String(status.startTimestamp ?? found.metadata.creationTimestamp),
    refused: Array.isArray(status.validationErrors) ? status.validationErrors.map(String) : [],
  };
}

/** Errors: VELERO_PARTIAL when it was refused or vanished; WAIT_TIMEOUT with the volumes' states. */
export async function waitForBackup(name: string, ctx: Ctx): Promise<BackupSeen> {
  const done = await ctx.wait<BackupSeen>({
    what: `Backup ${name} to end`,
    deadline: minutes(25),
    every: 1000,
    hint: 'kubectl -n velero get backup,podvolumebackup; kubectl -n velero logs deploy/velero',
    probe: steadily<BackupSeen>(ctx, async api => {
      const backup = await backupOf(api, name);
      // Velero removes a Backup whose folder it does not find in the bucket, without a word.
      if (!backup)
        throw new OpsError('VELERO_PARTIAL', `cannot see Backup ${name} any more: its folder left the bucket`);
      if (isOver(backup.phase)) return { value: backup };
      const volumes = await listOf(api, 'PodVolumeBackup', `velero.io/backup-name=${name}`);
      return { saw: [backup.phase, ...volumes.map(({ volume, phase }) => `${volume} ${phase || 'New'}`)].join(', ') };
    }),
  });
  if (done.phase !== 'FailedValidation') return done;
  throw new OpsError('VELERO_PARTIAL', `cannot take Backup ${name}: Velero refused it`, { details: done.refused });
}

/** PodVolumeBackups or PodVolumeRestores of a label. */
export const listOf = async (api: ClusterApi, kind: string, labelSelector: string) =>
  (await api.list({ apiVersion: API, kind, namespace: NAMESPACE, labelSelector })).map(podVolume);

/** An API server that is away for a moment is waited for like anything else. */
export const steadily =
  <T>(ctx: Ctx, look: (api: ClusterApi) => Promise<Seen<T>>) =>
  async (): Promise<Seen<T>> => {
    try {
      return await look(await ctx.cluster(ctx.target.site));
    } catch (error) {
      if (isOpsError(error, 'CLUSTER_UNREACHABLE')) return { saw: oneLine(error) };
      throw error;
    }
  };
