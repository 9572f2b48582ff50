import type { CheckResult } from '../backup/check.ts';
import type { SealedSet } from '../backup/source.ts';
import { asOpsError } from '../errors/index.ts';
import type { Duration } from '../time/index.ts';
import { unproven } from './not-proven.ts';
import type { Clocks, Report, RpoOfSource, Verdict } from './report.ts';
import { sinceLoss } from './timeline.ts';
import { exitOf, metBy, verdictOf } from './verdict.ts';

/** All that a drill has seen, for its report. */
export interface Seen {
  drill: Pick<
    Report,
    'id' | 'scenario' | 'namespace' | 'title' | 'mode' | 'site' | 'target' | 'commit' | 'lockDigest' | 'by' | 'versions'
  >;
  /** undefined: the drill ended before it had chosen one. */
  set: SealedSet | undefined;
  /** From the inventory: backup.rto, drills.proof. */
  objectives: { rto: Duration; proof: Duration | undefined };
  clocks: Clocks;
  /** From rpoOf; several of one source (files and objects of velero) become its worst. */
  rpo: readonly RpoOfSource[];
  /** All that the scenario has, also those that could not be looked at. */
  checks: readonly CheckResult[];
  /** What this scenario does not try, in words. */
  notTried: readonly string[];
  history: Report['history'];
  left: readonly string[];
  /** What ended the drill early. Its text is masked. */
  error?: unknown;
}

/** Pure. An RTO is claimed only where everything was proven to be back. */
export function assemble(seen: Seen): Report {
  const { set, objectives, clocks } = seen;
  const error = seen.error === undefined ? null : asOpsError(seen.error);
  const verdict = verdictOf({ checks: seen.checks, error });
  const done = verdict === 'verified' ? sinceLoss(clocks, 't8') : null;
  const rto = { ms: done, target: objectives.rto, met: metBy(done, clocks.exactTo, objectives.rto) };
  const rpo = rpoOfAll(seen.rpo);
  const facts = {
    schema: 1 as const,
    ...seen.drill,
    set: set ? setOf(set) : null,
    clocks,
    rto,
    rtoToFirstAnswer: sinceLoss(clocks, 't7'),
    rpo,
    checks: [...seen.checks],
    history: seen.history,
    left: [...seen.left],
    verdict,
    // A site that is back is back, though it took longer than was agreed: its RTO is told apart.
    exit: exitOf(verdict, seen.drill.mode === 'rebuild' ? [] : [rto.met, ...rpo.sources.map(({ met }) => met)]),
    expires: expiryOf(verdict, clocks, objectives.proof),
    error: error && { code: error.code, message: error.message },
  };
  return { ...facts, notProven: [...unproven(facts, set?.manifest), ...seen.notTried] };
}

const setOf = ({ manifest: { id, takenAt, trigger }, sha256 }: SealedSet) => ({
  id,
  takenAt,
  trigger,
  manifestSha256: sha256,
});

/** What is not known is worse than any figure. */
function rpoOfAll(all: readonly RpoOfSource[]): Report['rpo'] {
  const age = ({ ms }: RpoOfSource) => ms ?? Number.POSITIVE_INFINITY;
  const worst = (some: readonly RpoOfSource[]) => some.reduce((a, b) => (age(b) > age(a) ? b : a));
  const sources = [...Map.groupBy(all, ({ source }) => source).values()].map(worst);
  if (sources.length === 0) return { sources, worst: null };
  const { source, ms } = worst(sources);
  return { sources, worst: ms === null ? null : { source, ms } };
}

function expiryOf(verdict: Verdict, { marks }: Clocks, proof: Duration | undefined): string | null {
  const end = marks.at(-1)?.at;
  if (verdict !== 'verified' || proof === undefined || end === undefined) return null;
  return new Date(Date.parse(end) + proof).toISOString();
}
