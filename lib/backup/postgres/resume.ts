import { isRecord } from '../../cluster/index.ts';
import type { Change, Ctx, Decision, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { removeRestorePod, restorePodIsThere } from './fill.ts';
import { clusterOf, NAMESPACE, STATEFUL_SET } from './names.ts';
import { startDatabase } from './start.ts';

/** What a restore in place left that did not come to its end. */
export interface ResumeFacts {
  /** The pod that fills the volume. */
  filling: boolean;
  /** The database is there, and switched off. */
  stopped: boolean;
}

const POD = `pod ${NAMESPACE}/postgres-restore`;
const DATABASE = 'database that was there';

/**
 * postgres.resume: a restore in place that ended early is given up. What lies under the database's name in its volume is
 * whole, the one of before or the restored one, and is served again.
 */
export const resumeStep = (site: Site): Step<object, ResumeFacts> => ({
  id: 'postgres.resume',
  title: 'Give a restore in place up that did not end, and serve what is there',
  target: clusterOf(site),
  want: {},
  deadline: minutes(20),
  observe,
  decide: (_, facts) => decideResume(facts),
  apply: (change, ctx) => ctx.effect(change, () => act(change, ctx)),
});

export function decideResume({ filling, stopped }: ResumeFacts): Decision {
  const changes: Change[] = [];
  if (filling) changes.push({ action: 'delete', what: POD, grade: 'known' });
  if (filling || stopped) changes.push({ action: 'run', what: DATABASE, grade: 'known' });
  return changes.length > 0 ? { is: 'changes', changes } : { is: 'done', reason: 'none was left' };
}

async function observe(ctx: Ctx): Promise<ResumeFacts> {
  const api = await ctx.cluster(ctx.target.site);
  const [set, filling] = await Promise.all([api.get(STATEFUL_SET), restorePodIsThere(api)]);
  return { filling, stopped: isRecord(set?.spec) && set.spec.replicas === 0 };
}

async function act(change: Change, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(ctx.target.site);
  if (change.what === POD) return removeRestorePod(api, ctx);
  await startDatabase(ctx.target.site, ctx);
}
