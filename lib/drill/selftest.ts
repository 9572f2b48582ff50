import { type CheckResult, LEVELS, type Level } from '../backup/check.ts';
import { type Damage, NoRoom } from '../backup/source.ts';
import { asOpsError, OpsError, oneLine } from '../errors/index.ts';
import type { Clock } from '../time/index.ts';
import type { Verdict } from './report.ts';
import { verdictOf } from './verdict.ts';

/** A damage of a source, or any other way to break what is proven: a step of a restore that is left out. */
export interface Plant<Copy> extends Pick<Damage, 'id' | 'title' | 'expect'> {
  plant(copy: Copy): Promise<void>;
}

export interface SelfTest<Copy> {
  damages: readonly Plant<Copy>[];
  /** A fresh, whole one for each damage. */
  copy(): Promise<Copy>;
  /** The checks of a drill. What is out of reach is unrun in them; a throw is a proof that was not made. */
  prove(copy: Copy): Promise<readonly CheckResult[]>;
  discard(copy: Copy): Promise<void>;
  clock: Pick<Clock, 'monotonic'>;
  signal: AbortSignal;
  onRow?(row: SelfTestRow): void;
}

export interface SelfTestRow {
  /** The id of the damage; CLEAN for the copy into which nothing was planted. */
  damage: string;
  title: string;
  /** With the verdict, the name and at the level that the damage names; of the clean copy: it was verified. */
  found: boolean;
  verdict: Verdict;
  /** Of the first that was seen on the ladder. */
  code: string | null;
  level: Level | null;
  seconds: number;
  /** Of one that was not found: what was expected, and what was seen. */
  why?: string;
  /** Why this set has no room for it: nothing was planted, and nothing is proven. */
  skipped?: string;
}

export const CLEAN = 'clean';

/**
 * The clean copy first: where it is not verified, a self-test that finds every damage proves nothing.
 * Errors: only those of copying, planting and discarding, and an abort; a damage that is not found, or for which a set has
 * no room, is a row.
 */
export async function selfTest<Copy>(test: SelfTest<Copy>): Promise<SelfTestRow[]> {
  const rows: SelfTestRow[] = [];
  for (const damage of [undefined, ...test.damages]) {
    test.signal.throwIfAborted();
    const row = await tryOne(test, damage);
    rows.push(row);
    test.onRow?.(row);
  }
  return rows;
}

async function tryOne<Copy>(test: SelfTest<Copy>, damage: Plant<Copy> | undefined): Promise<SelfTestRow> {
  const start = test.clock.monotonic();
  const copy = await test.copy();
  try {
    const skipped = await noRoom(copy, damage);
    if (skipped !== undefined) return { ...notPlanted(damage), skipped, seconds: secondsSince(start, test) };
    const outcome = await test.prove(copy).then(
      checks => ({ checks }),
      error => ({ checks: [], error: asOpsError(error) }),
    );
    test.signal.throwIfAborted();
    return { ...judge(damage, outcome), seconds: secondsSince(start, test) };
  } finally {
    await test.discard(copy);
  }
}

const secondsSince = (start: number, { clock }: Pick<SelfTest<never>, 'clock'>) =>
  Math.round((clock.monotonic() - start) / 10) / 100;

/** What the copy lacks for it. */
async function noRoom<Copy>(copy: Copy, damage: Plant<Copy> | undefined): Promise<string | undefined> {
  try {
    await damage?.plant(copy);
    return undefined;
  } catch (error) {
    if (error instanceof NoRoom) return error.message;
    throw error;
  }
}

const notPlanted = (damage: Pick<Damage, 'id' | 'title'> | undefined): Judged => ({
  damage: damage?.id ?? CLEAN,
  title: damage?.title ?? '',
  ...{ found: false, verdict: 'inconclusive', code: null, level: null },
});

type Judged = Omit<SelfTestRow, 'seconds'>;

/** Pure. The first check that is not well must have the name, and stand where the damage says. */
export function judge(
  damage: Pick<Damage, 'id' | 'title' | 'expect'> | undefined,
  { checks, error }: { checks: readonly CheckResult[]; error?: unknown },
): Judged {
  const ended = error === undefined ? undefined : asOpsError(error);
  const verdict = verdictOf({ checks, ...(ended && { error: ended }) });
  const first = firstBad(checks, damage?.expect.code);
  const seen = {
    damage: damage?.id ?? CLEAN,
    title: damage?.title ?? 'nothing is planted',
    verdict,
    code: first?.code ?? ended?.code ?? null,
    level: first?.level ?? null,
  };
  const found = damage ? isFound(damage.expect, seen) : verdict === 'verified';
  return found ? { ...seen, found } : { ...seen, found, why: whyNot(damage?.expect, seen, ended) };
}

const isFound = (expect: Damage['expect'], seen: Pick<Judged, 'verdict' | 'code' | 'level'>) =>
  seen.verdict === expect.verdict && seen.code === expect.code && seen.level === expect.level;

/** The lowest on the ladder; a failed one before an unrun one; among equals the one with the expected name. */
function firstBad(checks: readonly CheckResult[], code: string | undefined): CheckResult | undefined {
  const rank = (check: CheckResult) => [
    check.state === 'failed' ? 0 : 1,
    LEVELS.indexOf(check.level),
    check.code === code ? 0 : 1,
  ];
  const compare = (a: number[], b: number[]) => a.map((x, n) => x - (b[n] ?? 0)).find(d => d !== 0) ?? 0;
  return checks
    .filter(({ required, state }) => required && state !== 'passed')
    .sort((a, b) => compare(rank(a), rank(b)))[0];
}

function whyNot(
  expect: Damage['expect'] | undefined,
  seen: Omit<Judged, 'found'>,
  error: OpsError | undefined,
): string {
  const words = (of: { verdict: string; code: string | null; level: string | null }) =>
    [of.verdict, of.code, of.level && `at ${of.level}`].filter(Boolean).join(' ');
  const thrown = error ? `; the proof ended early: ${oneLine(error)}` : '';
  return `expected ${expect ? words(expect) : 'verified'}, got ${words(seen)}${thrown}`;
}

/** undefined: everything was found, and the clean copy was verified. */
export function selfTestError(rows: readonly SelfTestRow[]): OpsError | undefined {
  const missed = rows.filter(({ found, skipped }) => !found && skipped === undefined);
  if (missed.length === 0) return undefined;
  const details = missed.map(({ damage, why }) => `${damage}: ${why}`);
  const clean = missed.find(({ damage }) => damage === CLEAN);
  const what = clean
    ? 'a copy without any damage is not verified'
    : `${missed.length} of ${rows.length - 1} damages were not found`;
  return new OpsError('DAMAGE_NOT_FOUND', `cannot trust the checks: ${what}`, { details });
}
