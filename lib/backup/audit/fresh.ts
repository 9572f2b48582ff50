import type { StoredObject } from '../../engine/index.ts';
import { formatDuration, minutes } from '../../time/index.ts';
import type { SetPart, SourceName } from '../set.ts';
import { type AuditCheck, ofNewestPart } from './at-hand.ts';
import { archiveOf } from './postgres.ts';
import { walReach } from './wal.ts';

/** Clocks that differ by more are no clocks. */
const AHEAD = minutes(5);

/** The newest moment that would come back, against the inventory's RPO. */
export const freshCheck = (source: SourceName): AuditCheck => ({
  id: `audit.fresh.${source}`,
  title: `What would come back of ${source} is young enough`,
  source,
  level: 'L0',
  required: true,
  expected: 'younger than the rpo of the inventory',
  look: ofNewestPart(source, async (part, { site, now, objects }) => {
    const { at, by } = newestMoment(part, await objects());
    const age = now.getTime() - at.getTime();
    const rpo = site.backup?.rpo[source] ?? 0;
    const got = `${formatDuration(Math.max(0, age))} old (${by}), rpo ${formatDuration(rpo)}`;
    if (age < -AHEAD)
      return { state: 'failed', code: 'SET_STALE', got: `${at.toISOString()} is in the future (${by})` };
    return age > rpo ? { state: 'failed', code: 'SET_STALE', got } : { state: 'passed', got };
  }),
});

/** Of the database WAL counts too, as far as it has no gap. */
function newestMoment(part: SetPart, objects: readonly StoredObject[]): { at: Date; by: string } {
  const point = new Date(part.point);
  const set = { at: point, by: 'the newest complete set' };
  if (part.source !== 'postgres') return set;
  const { newest } = walReach(part.facts.pgbackrest.walFirst, archiveOf(part, objects));
  return newest && newest.archived > point ? { at: newest.archived, by: `WAL ${newest.segment}` } : set;
}
