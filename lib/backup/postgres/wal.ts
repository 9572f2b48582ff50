import { OpsError } from '../../errors/index.ts';
import type { PostgresFacts } from '../set.ts';

/** '0000000100000000000000A3': timeline, then the segment's number in two halves of 32 bits; 256 segments of 16 MiB in the lower. */
const SEGMENT = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/;
const IN_LOG = 256n;
/** More than any base backup takes: a manifest that says so is wrong. */
const MOST = 1_000_000n;

export interface Segment {
  timeline: string;
  number: bigint;
}

/** Errors: MANIFEST_INVALID. */
export function segmentOf(name: string): Segment {
  const [, timeline, log, low] = SEGMENT.exec(name) ?? [];
  if (timeline === undefined || log === undefined || low === undefined || BigInt(`0x${low}`) >= IN_LOG)
    throw new OpsError('MANIFEST_INVALID', `cannot count WAL: '${name}' is no segment of 16 MiB`);
  return { timeline, number: BigInt(`0x${log}`) * IN_LOG + BigInt(`0x${low}`) };
}

/** Where its first byte stands. Errors: MANIFEST_INVALID. */
export const startOf = (name: string): bigint => segmentOf(name).number * 2n ** 24n;

const hex = (value: bigint) => value.toString(16).toUpperCase().padStart(8, '0');

/** Every name between two of one timeline, both included. Errors: MANIFEST_INVALID when the range is none. */
export function segmentsBetween(first: string, last: string): string[] {
  const [from, to] = [segmentOf(first), segmentOf(last)];
  if (from.timeline !== to.timeline || to.number < from.number || to.number - from.number > MOST)
    throw new OpsError('MANIFEST_INVALID', `cannot count WAL: ${first} to ${last} is no range`);
  return Array.from({ length: Number(to.number - from.number) + 1 }, (_, n) => {
    const number = from.number + BigInt(n);
    return `${from.timeline}${hex(number / IN_LOG)}${hex(number % IN_LOG)}`;
  });
}

/** '0/1C000028' -> 469762088n */
export function positionOf(lsn: string): bigint {
  const [high = '', low = ''] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/** Key of a segment in the archive: '.../0000000100000000/<segment>-<sha1>.zst'. Partial and history files are none. */
const ARCHIVED = /\/([0-9A-F]{24})-[0-9a-f]{40}(?:\.[a-z0-9]+)?$/;

/** The key by segment. */
export const archivedSegments = (keys: readonly string[]): Map<string, string> =>
  new Map(keys.flatMap(key => (ARCHIVED.exec(key)?.[1] === undefined ? [] : [[ARCHIVED.exec(key)?.[1] ?? '', key]])));

/** It is a segment of the archive, and leads on from the last one of a set, on its timeline or one that began since. */
export const isAfter = (walLast: string, key: string): boolean =>
  [...archivedSegments([key]).keys()].some(name => name > walLast);

/** Of a timeline's history: '.../00000005.history'. */
const HISTORY = /\/([0-9A-F]{8})\.history$/;

/** undefined: it is no history. */
export function historyTimeline(key: string): number | undefined {
  const [, timeline] = HISTORY.exec(key) ?? [];
  return timeline === undefined ? undefined : Number(`0x${timeline}`);
}

/** Keys of the histories without which no segment up to this one is replayed: each promotion began a timeline. */
export function historiesOf(last: string, keys: readonly string[]): string[] {
  const { timeline } = segmentOf(last);
  return keys.filter(key => {
    const found = HISTORY.exec(key)?.[1];
    return found !== undefined && found <= timeline;
  });
}

/** The archive has the history of the segment's own timeline; the first one has none. */
export const hasHistory = (last: string, keys: readonly string[]): boolean => {
  const { timeline } = segmentOf(last);
  return Number(`0x${timeline}`) === 1 || keys.some(key => HISTORY.exec(key)?.[1] === timeline);
};

/** Segments that the restore needs and the archive lacks, counted one by one: `pgbackrest verify` does not see them. */
export function walGaps({ walFirst, walLast }: PostgresFacts['pgbackrest'], keys: readonly string[]): string[] {
  const there = archivedSegments(keys);
  return segmentsBetween(walFirst, walLast).filter(segment => !there.has(segment));
}
