import { type CheckResult, LEVELS } from '../backup/check.ts';
import { type Code, EXIT, type ExitStatus } from '../errors/index.ts';
import type { Duration } from '../time/index.ts';
import type { Verdict } from './report.ts';

/**
 * Codes that say: the backup was looked at, and it is wrong, or part of it is not there. Everything else that ends a
 * drill early says only that nobody knows.
 */
const WRONG_DATA: ReadonlySet<string> = new Set<Code>([
  'SET_ABSENT',
  'SET_INCOMPLETE',
  'SET_ARTEFACT_MISSING',
  'SET_ARTEFACT_TRUNCATED',
  'SET_ARTEFACT_CHANGED',
  'SET_FOREIGN',
  'SET_STALE',
  'MANIFEST_CHANGED',
  'MANIFEST_INVALID',
  'ESCROW_ABSENT',
  'KEY_MISSING',
  'KEY_WRONG',
  'DUMP_EMPTY',
  'DUMP_FOREIGN',
  'DUMP_UNREADABLE',
  'DATABASE_FOREIGN',
  'RESTORE_FAILED',
  'TABLE_MISSING',
  'TABLE_ROWS',
  'TABLE_CHECKSUM',
  'SEQUENCE_BEHIND',
  'ROLE_MISSING',
  'GRANT_MISSING',
  'EXTENSION_MISSING',
  'INDEX_CORRUPT',
  'CHECKSUM_FAILED',
  'WAL_GAP',
  'VELERO_PARTIAL',
  'KOPIA_CONTENT_LOST',
  'VOLUME_EMPTY',
  'VOLUME_FILES',
  'OBJECT_MISSING',
  'CANARY_LOST',
  'APP_WRONG',
  'HISTORY_ERASABLE',
]);

const FIRST_THAT_PROVES = LEVELS.indexOf('L4');

export interface Outcome {
  checks: readonly Pick<CheckResult, 'level' | 'required' | 'state'>[];
  /** What ended the drill before its end. */
  error?: { code: string } | null;
}

/** Pure. Only wrong or missing data that was seen makes it 'not verified'; what was not seen makes it 'inconclusive'. */
export function verdictOf({ checks, error }: Outcome): Verdict {
  const required = checks.filter(check => check.required);
  if (required.some(({ state }) => state === 'failed')) return 'not verified';
  if (error) return WRONG_DATA.has(error.code) ? 'not verified' : 'inconclusive';
  if (required.some(({ state }) => state === 'unrun')) return 'inconclusive';
  const proves = checks.some(({ level, state }) => state === 'passed' && LEVELS.indexOf(level) >= FIRST_THAT_PROVES);
  return proves ? 'verified' : 'inconclusive';
}

/** A missed objective turns a verified drill into 1, one that could not be told into 2. `met`: of RTO and of each RPO. */
export function exitOf(verdict: Verdict, met: readonly (boolean | null)[]): Extract<ExitStatus, 0 | 1 | 2> {
  if (verdict === 'not verified') return EXIT.failed;
  if (verdict === 'inconclusive') return EXIT.unknown;
  if (met.includes(false)) return EXIT.failed;
  return met.includes(null) ? EXIT.unknown : EXIT.done;
}

/** Whether a span, exact to the bound, kept its target; null: the target lies between the ends of the bound. */
export function metBy(ms: Duration | null, bound: Duration, target: Duration): boolean | null {
  if (ms === null) return null;
  if (ms + bound <= target) return true;
  return ms - bound > target ? false : null;
}
