import type { StoredObject } from '../../engine/index.ts';
import { archivedSegments, segmentOf, segmentsBetween } from '../postgres/wal.ts';

/** How far WAL leads on from a base backup. */
export interface Reach {
  /** Segments that are missing between two that are there, and the first one when nothing is. */
  gaps: string[];
  /** Of every timeline that was looked at. */
  count: number;
  /** The newest segment before any gap; undefined: not even the first is there. */
  newest?: { segment: string; archived: Date };
}

interface Line {
  timeline: string;
  /** Numbers, ascending. */
  there: bigint[];
}

const named = (timeline: string, number: bigint) =>
  `${timeline}${(number >> 8n).toString(16).toUpperCase().padStart(8, '0')}${(number & 255n).toString(16).toUpperCase().padStart(8, '0')}`;

/**
 * Counted segment by segment, timeline by timeline, from the first one of a base backup to the newest in the archive. A
 * timeline that begins before the base backup does not lead on from it. A segment without bytes is none.
 */
export function walReach(walFirst: string, objects: readonly StoredObject[]): Reach {
  const first = segmentOf(walFirst);
  const archived = new Map(
    objects
      .filter(({ size }) => size > 0)
      .flatMap(({ key, modified }) =>
        [...archivedSegments([key]).keys()].map(name => [name, new Date(modified)] as const),
      ),
  );
  const lines = linesOf([...archived.keys()], first.timeline).filter(
    ({ timeline, there: [least] }) => timeline === first.timeline || (least !== undefined && least >= first.number),
  );
  const gaps: string[] = [];
  let before = first.number - 1n;
  let newest: Reach['newest'];
  for (const { timeline, there } of lines) {
    const numbers = there.filter(number => number >= first.number);
    const [least = first.number, last] = [numbers[0], numbers.at(-1)];
    // A timeline leaves the one before it at a segment that both have.
    const from = timeline === first.timeline || least > before + 1n ? before + 1n : least;
    const all =
      last === undefined ? [named(timeline, from)] : segmentsBetween(named(timeline, from), named(timeline, last));
    gaps.push(...all.filter(name => !archived.has(name)));
    const reached = gaps.length === 0 ? all.at(-1) : all.slice(0, Math.max(0, all.indexOf(gaps[0] ?? ''))).at(-1);
    const at = reached === undefined ? undefined : archived.get(reached);
    if (reached !== undefined && at) newest = { segment: reached, archived: at };
    before = last ?? before;
  }
  return { gaps, count: archived.size, ...(newest && { newest }) };
}

/** The base backup's own timeline and those after it, though nothing of them may be there. */
function linesOf(names: readonly string[], first: string): Line[] {
  const all = names.map(segmentOf).filter(({ timeline }) => timeline >= first);
  const timelines = [...new Set([first, ...all.map(({ timeline }) => timeline)])].sort();
  return timelines.map(timeline => ({
    timeline,
    there: all
      .filter(one => one.timeline === timeline)
      .map(({ number }) => number)
      .sort((a, b) => (a < b ? -1 : 1)),
  }));
}
