import { createHash } from 'node:crypto';
import type { SourceName } from '../backup/set.ts';
import type { Duration } from '../time/index.ts';
import type { RpoOfSource } from './report.ts';
import { metBy } from './verdict.ts';

/**
 * A sign of life that the heartbeat writes at the inventory's interval, the same in every source: row, file, object.
 * Chained, so that none can be taken out or made up afterwards.
 */
export interface Canary {
  /** From 1, without gaps. */
  number: number;
  /** UTC with milliseconds, exactly as it was hashed: '2026-11-21T15:23:00.000Z'. */
  written: string;
  /** SHA-256, hex, of the hash before it, the number in decimal, and `written`, one after the other. */
  hash: string;
}

/** What stands before the first canary's number. */
export const CHAIN_START = '0'.repeat(64);

export const canaryHash = (previous: string, number: number, written: string): string =>
  createHash('sha256').update(`${previous}${number}${written}`).digest('hex');

/** Of the canaries that must be there: those that were written when the backup was made. */
export interface Range {
  from: number;
  to: number;
}

/**
 * Pure. Everything that is wrong with a chain, for CANARY_LOST; nothing: it is unbroken, and has all of `need`.
 * The link of a chain's first canary is told only when it is number 1: what was before it is not here.
 */
export function chainFaults(canaries: readonly Canary[], need?: Range): string[] {
  const chain = [...canaries].sort((a, b) => a.number - b.number);
  const faults = chain.flatMap((canary, n) => linkFaults(canary, chain[n - 1]));
  if (!need || need.to < need.from) return faults;
  const [first, last] = [chain[0], chain.at(-1)];
  if (!first || !last) return [`none of the canaries ${need.from} to ${need.to} is there`];
  if (first.number > need.from) faults.unshift(missing(need.from, first.number - 1));
  if (last.number < need.to) faults.push(missing(last.number + 1, need.to));
  return faults;
}

function linkFaults(canary: Canary, before: Canary | undefined): string[] {
  const { number, written, hash } = canary;
  if (before?.number === number) return [`canary ${number} is there twice`];
  if (before && before.number < number - 1) return [missing(before.number + 1, number - 1)];
  const previous = before?.hash ?? (number === 1 ? CHAIN_START : undefined);
  if (previous !== undefined && hash !== canaryHash(previous, number, written))
    return [`canary ${number} does not follow from the one before it`];
  return [];
}

const missing = (from: number, to: number) =>
  from === to ? `canary ${from} is missing` : `canaries ${from} to ${to} are missing`;

/** Pure. What was written after the loss was never lost: it does not count. */
export function newestBefore(canaries: readonly Canary[], t0: Date): Canary | undefined {
  return canaries
    .filter(({ written }) => Date.parse(written) < t0.getTime())
    .reduce<Canary | undefined>((best, each) => (best && best.number > each.number ? best : each), undefined);
}

export interface RpoFacts {
  source: SourceName;
  /** That came back with this source; of several kinds (files and objects) one call each, and the worst counts. */
  canaries: readonly Canary[];
  t0: Date;
  /** How far the clock that wrote them and the one that declared t0 may be apart. */
  bound: Duration;
  target: Duration;
}

/** Pure. */
export function rpoOf({ source, canaries, t0, bound, target }: RpoFacts): RpoOfSource {
  const newest = newestBefore(canaries, t0);
  if (!newest) return { source, newestCanary: null, ms: null, bound, target, met: null };
  const ms = t0.getTime() - Date.parse(newest.written);
  const { number, written } = newest;
  return { source, newestCanary: { number, written }, ms, bound, target, met: metBy(ms, bound, target) };
}
