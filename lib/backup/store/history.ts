import type { Ctx, Decision, Need, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { formatDuration, minutes } from '../../time/index.ts';
import { isHere, isLocal, openAsOwner } from './bucket.ts';

export interface HistoryFacts {
  /** lifecycle: the endpoint does it, by a setting of the bucket. elsewhere: the store is not run from here. */
  by: 'muster' | 'lifecycle' | 'elsewhere';
  /** Versions and markers whose time is over. */
  past: number;
}

/**
 * store.history: what was removed or replaced longer ago than the inventory's `history` goes for good. A site only hides
 * what it removes; versions are the owner's matter. Of a local store that is muster, with the admin's keys.
 */
export const historyStep = (site: Site, needs: readonly Need[]): Step<{ history: number }, HistoryFacts> => ({
  id: 'store.history',
  title: 'Let the past of the store go for good in its time',
  target: { site: site.name, kind: 'site', name: site.name },
  want: { history: site.backup?.history ?? Number.POSITIVE_INFINITY },
  needs,
  deadline: minutes(30),
  observe: ctx => observe(site, ctx),
  decide: decideHistory,
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const bucket = await openAsOwner(site, ctx);
      await bucket.forget(before(site, ctx)).finally(bucket.close);
    }),
});

const before = ({ backup }: Site, { clock }: Ctx) => new Date(clock.now() - (backup?.history ?? clock.now()));

async function observe(site: Site, ctx: Ctx): Promise<HistoryFacts> {
  if (!isLocal(site)) return { by: 'lifecycle', past: 0 };
  if (!(await isHere(site, ctx))) return { by: 'elsewhere', past: 0 };
  const bucket = await openAsOwner(site, ctx);
  const { versions, markers } = await bucket.past(before(site, ctx)).finally(bucket.close);
  return { by: 'muster', past: versions.length + markers.length };
}

export function decideHistory(want: { history: number } | undefined, { by, past }: HistoryFacts): Decision {
  if (!want) return { is: 'done', reason: 'it outlives the site' };
  if (by === 'lifecycle') return { is: 'done', reason: 'the lifecycle of the bucket does it' };
  if (by === 'elsewhere') return { is: 'done', reason: 'the store is not run from here' };
  const span = formatDuration(want.history);
  if (past === 0) return { is: 'done', reason: `nothing is of the past for longer than ${span}` };
  const what = `${past} versions that are of the past for longer than ${span}`;
  return { is: 'changes', changes: [{ action: 'delete', what, grade: 'known' }] };
}
