import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { chainFaults, rpoOf } from '../../lib/drill/canary.ts';
import { isRed, proofOf, proofText } from '../../lib/drill/proofs.ts';
import { judge } from '../../lib/drill/selftest.ts';
import { clocksOf } from '../../lib/drill/timeline.ts';
import { exitOf, metBy, verdictOf } from '../../lib/drill/verdict.ts';
import { OpsError } from '../../lib/errors/index.ts';
import { check, sample } from './sample.ts';

// A case is data: what was seen, what must be decided. A new file needs no code.
const dir = join(import.meta.dirname, '../cases/drill');

// biome-ignore lint/suspicious/noExplicitAny: the data are checked by the decision that they must lead to.
type Given = any;

const DECISIONS: Record<string, (given: Given) => unknown> = {
  verdict: verdictOf,
  exit: ({ verdict, met }) => exitOf(verdict, met),
  met: ({ ms, bound, target }) => metBy(ms, bound, target),
  clocks: clocksOf,
  chain: ({ canaries, need }) => chainFaults(canaries, need),
  rpo: ({ t0, ...facts }) => rpoOf({ ...facts, t0: new Date(t0) }),
  proof: ({ scenario, namespace, drills, limit, now, since }) => {
    const times = { now: Date.parse(now), ...(since && { since: Date.parse(since) }) };
    const proof = proofOf({ scenario, ...(namespace && { namespace }) }, drills.map(past), limit, times);
    return { ...proof, red: isRed(proof), text: proofText(proof) };
  },
  judge: ({ damage, checks, error }) =>
    judge(damage, {
      checks: checks.map(check),
      ...(error && { error: new OpsError(error.code, error.message) }),
    }),
};

/** A drill of a case as its report would be. */
function past({ flaw, id, scenario, namespace, verdict, rtoMet }: Given) {
  const report = sample();
  const at = id.replace(/^(....)(..)(..)T(..)(..)(..)Z.*/, '$1-$2-$3T$4:$5:$6.000Z');
  const clocks = { ...report.clocks, marks: report.clocks.marks.map(mark => ({ ...mark, at })) };
  return {
    report: {
      ...report,
      id,
      scenario,
      ...(namespace && { namespace }),
      verdict,
      clocks,
      rto: { ...report.rto, met: rtoMet },
    },
    ...(flaw && { flaw }),
  };
}

const decide = suite('decide');
const files = readdirSync(dir).filter(file => file.endsWith('.json'));

for (const file of files) {
  const { decision, promise, given, expect } = JSON.parse(readFileSync(join(dir, file), 'utf8'));
  decide(`${decision}: ${promise}`, () => {
    const act = DECISIONS[decision];
    ok(act, `${file}: no decision is called ${decision}`);
    equal(act(given), expect);
  });
}

decide('every decision has its cases', () => {
  const covered = new Set(files.map(file => file.split('-')[0]));
  equal([...covered].sort(), Object.keys(DECISIONS).sort());
});

decide.run();
