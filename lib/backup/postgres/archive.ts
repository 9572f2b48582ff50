import type { ClusterApi, Ctx, Decision, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import { POD_REF } from './archiving.ts';
import { clusterOf, NAMESPACE, POD } from './names.ts';
import { PGDATA } from './repository.ts';
import { podPostgres, textOf } from './server.ts';

/**
 * postgres.archive: a database that was restored with its archive off archives again, where the repository of its pod is
 * now. Its setting stands in postgresql.auto.conf, where a restore writes it; the pod takes new keys when it starts.
 */
export const archiveStep = (site: Site): Step<object, string> => ({
  id: 'postgres.archive',
  title: 'Let the restored database archive',
  target: clusterOf(site),
  want: {},
  deadline: minutes(5),
  observe: async ctx => archiveMode(await ctx.cluster(site.name), site),
  decide: (_, mode): Decision =>
    mode === 'on'
      ? { is: 'done', reason: 'it archives' }
      : { is: 'changes', changes: [{ action: 'update', what: 'archive_mode', from: mode, to: 'on', grade: 'known' }] },
  apply: (change, ctx) => ctx.effect(change, () => restart(site, ctx)),
});

const archiveMode = async (api: ClusterApi, site: Site) =>
  (await podPostgres(api, site.name).psql('SHOW archive_mode', { database: 'postgres' })).trim();

/** A timeline's history is archived when the timeline begins, and nothing was archived then: the archiver is told of it now. */
const HISTORIES = `cd ${PGDATA}/pg_wal
for history in *.history; do
  if [ -e "$history" ]; then : > "archive_status/$history.ready"; fi
done`;

async function restart(site: Site, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(site.name);
  const postgres = podPostgres(api, site.name);
  await postgres.psql('ALTER SYSTEM RESET archive_mode', { database: 'postgres' });
  textOf(postgres.name, 'sh', await postgres.exec(['sh', '-c', HISTORIES], { timeout: seconds(60) }));
  const old = (await api.get(POD_REF))?.metadata.uid;
  await api.remove(POD_REF);
  await ctx.wait({
    what: 'the database with its archive',
    deadline: minutes(4),
    every: seconds(0.5),
    hint: `kubectl logs -n ${NAMESPACE} ${POD}`,
    probe: async () => {
      if ((await api.get(POD_REF))?.metadata.uid === old) return { saw: 'its pod stops' };
      const mode = await archiveMode(api, site).catch(() => undefined);
      return mode === 'on' ? { value: true } : { saw: mode === undefined ? 'its pod starts' : `archive_mode ${mode}` };
    },
  });
}
