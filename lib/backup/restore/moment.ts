import type { StoredObject } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { archiveOf } from '../audit/postgres.ts';
import { walReach } from '../audit/wal.ts';
import { newestComplete, type SetRow } from '../list.ts';
import { partOf } from '../set.ts';
import type { SealedSet } from '../source.ts';

const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/;

/** Errors: USAGE for what is no moment, or is one of an unnamed zone. */
export function momentOf(text: string): Date {
  const at = new Date(text);
  if (UTC.test(text) && !Number.isNaN(at.getTime())) return at;
  throw new OpsError('USAGE', `cannot restore to '${text}': that is no moment in UTC`, {
    hint: '--at=2026-11-21T15:00:00Z, with the Z',
  });
}

/** The set that was named, or the newest complete one. Errors: SET_ABSENT, and what is wrong with the one that was named. */
export function chooseSet(rows: readonly SetRow[], site: string, id?: string): SealedSet {
  const row = id === undefined ? newestComplete(rows) : rows.find(one => one.id === id);
  if (row?.set) return row.set;
  const hint = `./muster backups --site ${site}`;
  if (row?.problem) throw new OpsError(row.problem.code, `cannot restore ${row.id}: ${row.problem.text}`, { hint });
  const what = id === undefined ? 'it has no complete set' : `there is no set ${id}`;
  throw new OpsError('SET_ABSENT', `cannot restore ${site}: ${what}`, { hint });
}

interface Window {
  set: SealedSet;
  /** The set's point: later than the end of its base backup. */
  from: Date;
  /** The newest segment was archived; nothing of it is younger. */
  to: Date;
  gaps: readonly string[];
}

/**
 * The newest set from which WAL leads to the moment. Errors: SET_ABSENT; USAGE: the moment is outside of what can be
 * reached, which is named; WAL_GAP: it lies behind a gap.
 */
export function chooseSetAt(
  rows: readonly SetRow[],
  objects: readonly StoredObject[],
  site: string,
  at: Date,
  id?: string,
): SealedSet {
  const sets =
    id === undefined ? rows.flatMap(({ complete, set }) => (complete && set ? set : [])) : [chooseSet(rows, site, id)];
  const windows = sets.flatMap(set => windowOf(set, objects) ?? []);
  const before = windows.filter(({ from }) => from <= at);
  const fits = before.find(({ to }) => at <= to);
  if (fits) return fits.set;
  const [newest] = before;
  const oldest = windows.at(-1);
  if (!oldest)
    throw new OpsError('SET_ABSENT', `cannot restore the database of ${site}: no set has one that can be reached`);
  const shown = windows.map(({ set, from, to }) => `${set.manifest.id}: ${from.toISOString()} to ${to.toISOString()}`);
  const [gap] = newest?.gaps ?? [];
  if (newest && gap !== undefined)
    throw new OpsError(
      'WAL_GAP',
      `cannot restore to ${at.toISOString()}: WAL ends at ${newest.to.toISOString()}, segment ${gap} is missing`,
      { details: shown },
    );
  const reach = `${oldest.from.toISOString()} to ${(windows[0] ?? oldest).to.toISOString()}`;
  throw new OpsError('USAGE', `cannot restore to ${at.toISOString()}: what can be reached is ${reach}`, {
    details: shown,
    hint: 'a moment between the point of a set and the newest archived WAL; a segment is archived every minute',
  });
}

function windowOf(set: SealedSet, objects: readonly StoredObject[]): Window | undefined {
  const part = partOf(set.manifest, 'postgres');
  if (!part) return undefined;
  const { gaps, newest } = walReach(part.facts.pgbackrest.walFirst, archiveOf(part, objects));
  const from = new Date(part.facts.restorePoint.at);
  return newest && newest.archived >= from ? { set, from, to: newest.archived, gaps } : undefined;
}
