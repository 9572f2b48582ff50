import { isRecord } from '../../cluster/index.ts';
import type { Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import { readInfo } from '../postgres/info.ts';
import { clusterOf, NAMESPACE, POD } from '../postgres/names.ts';
import { podPostgres, textOf } from '../postgres/server.ts';
import type { PartOf } from '../set.ts';
import type { Postgres } from '../source.ts';

/** Where the volume is mounted, in the pod and in a scratch container. */
const VOLUME = '/var/lib/postgresql/data';
/** As images/postgres/restore-postgres reckons: a tenth more, and room for WAL. */
export const needed = (size: number) => Math.ceil(size * 1.1) + 64 * 2 ** 20;

export const refuse = (what: string, need: number, free: number): void => {
  if (free >= need) return;
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  throw new OpsError('RESTORE_UNFIT', `cannot restore ${what}: it needs ${mb(need)}, and ${mb(free)} are free`);
};

/** The base backup, unpacked, against the room of a volume. Errors: RESTORE_UNFIT, SET_ARTEFACT_MISSING. */
export async function refuseUnfit(postgres: Postgres, { facts: { pgbackrest } }: PartOf<'postgres'>): Promise<void> {
  const { backups } = await readInfo(postgres, pgbackrest.stanza);
  const backup = backups.find(({ label }) => label === pgbackrest.label);
  if (!backup)
    throw new OpsError(
      'SET_ARTEFACT_MISSING',
      `cannot restore the database: the repository has no backup ${pgbackrest.label}`,
    );
  const said = await postgres.exec(['df', '--output=avail', '-B1', VOLUME], { timeout: seconds(60) });
  const free = Number(textOf(postgres.name, 'df', said).trim().split('\n').at(-1));
  refuse(`the database into the volume of ${postgres.name}`, needed(backup.info.size), free);
}

/** restore.fit: refuses before anything is stopped. A database that does not run has nothing to stop: the restore looks itself. */
export const databaseFitStep = (
  part: PartOf<'postgres'>,
  site: Site,
): Step<{ label: string }, { looked: boolean }> => ({
  id: 'restore.fit',
  title: 'Prove that the restored database fits beside the one that is there',
  target: clusterOf(site),
  want: { label: part.facts.pgbackrest.label },
  deadline: minutes(2),
  async observe(ctx) {
    const api = await ctx.cluster(site.name);
    const pod = await api.get({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name: POD });
    const runs =
      isRecord(pod?.status) && pod.status.phase === 'Running' && pod.metadata.deletionTimestamp === undefined;
    if (runs) await refuseUnfit(podPostgres(api, site.name), part);
    return { looked: runs };
  },
  decide: (_, { looked }) => ({ is: 'done', reason: looked ? 'it fits' : 'no database runs' }),
  async apply() {},
});
