import type { Ctx, KubeObject } from '../../engine/index.ts';
import { isOpsError } from '../../errors/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import type { Postgres } from '../source.ts';
import { POD_REF, startedAt } from './archiving.ts';
import { NAMESPACE, POD, STATEFUL_SET } from './names.ts';
import { logOf, podPostgres, textOf } from './server.ts';

/** Its container is there to ask: the pod's own probe, which asks every few seconds, is not waited for. */
export const runs = (pod: KubeObject | undefined): boolean => pod !== undefined && startedAt(pod) !== undefined;

/** Exit status of psql. */
const NO_CONNECTION = 2;

export async function isOpen(postgres: Postgres): Promise<boolean> {
  const argv = ['psql', '-XqAt', '-d', 'postgres', '-c', 'SELECT pg_is_in_recovery()'];
  const asked = await postgres.exec(argv, { timeout: seconds(60) });
  // It let nobody in: it starts.
  return asked.code !== NO_CONNECTION && textOf(postgres.name, 'psql', asked).trim() === 'f';
}

/** Until the database of the volume is open, all its WAL replayed. */
export async function startDatabase(site: string, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(site);
  const postgres = podPostgres(api, site);
  await api.scale(STATEFUL_SET, 1);
  await ctx.wait({
    what: 'all WAL replayed, and the database open',
    deadline: minutes(15),
    hint: `kubectl logs -n ${NAMESPACE} ${POD}`,
    probe: async () => {
      const pod = await api.get(POD_REF);
      if (!runs(pod)) return { saw: pod ? 'the pod starts' : 'no pod yet' };
      const says = (await logOf(api)).includes('ready to accept connections');
      return says && (await isOpen(postgres).catch(unlessItEnded)) ? { value: true } : { saw: 'it replays WAL' };
    },
  });
}

/** A container that ended under the question starts anew. */
function unlessItEnded(error: unknown): boolean {
  if (isOpsError(error, 'CLUSTER_REFUSED') || isOpsError(error, 'SHELL_LOST')) return false;
  throw error;
}
