import { formatDuration, minutes } from '../../time/index.ts';
import type { Check } from '../check.ts';
import { isAfter } from '../postgres/wal.ts';
import { KEYS, type SetPart } from '../set.ts';
import { type SetAtHand, trusted } from './set-at-hand.ts';

/** What two clocks may differ by before a point in the future is taken for nonsense. */
const SKEW = minutes(5);

export const age: Check<SetAtHand> = {
  id: 'set.age',
  title: 'No source is older than its RPO',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'the point of every source within the rpo of the inventory',
  async look(of) {
    const { sources } = await trusted(of);
    const points = await Promise.all(sources.map(part => newestOf(part, of)));
    const ages = sources.map(({ source }, n) => {
      const old = of.at.getTime() - (points[n] ?? 0);
      const limit = of.site.backup?.rpo[source];
      const wrong = old < -SKEW || limit === undefined || old > limit;
      const said = old < 0 ? `${formatDuration(-old)} in the future` : formatDuration(old);
      return { wrong, text: `${source}: ${said}, rpo ${limit === undefined ? 'none' : formatDuration(limit)}` };
    });
    const late = ages.filter(({ wrong }) => wrong && !of.anyAge);
    const got = (late[0] ? late : ages).map(({ text }) => text).join('; ');
    return late.length > 0 ? { state: 'failed', got, code: 'SET_STALE' } : { state: 'passed', got };
  },
};

/**
 * A database is as old as the newest WAL after its set: a restore replays it past the set's point. The set's own leads no
 * further, however young the object is: in a copy, as in a store that was moved, all of it was written today.
 */
async function newestOf(part: SetPart, { store }: SetAtHand): Promise<number> {
  const point = Date.parse(part.point);
  if (part.source !== 'postgres') return point;
  const { stanza, walLast } = part.facts.pgbackrest;
  const archived = await store.list(`${KEYS.pgbackrest}archive/${stanza}/`);
  const later = archived.filter(({ key, size }) => size > 0 && isAfter(walLast, key));
  return Math.max(point, ...later.map(({ modified }) => Date.parse(modified)));
}
