import { suite } from 'uvu';
import { equal, is, match } from 'uvu/assert';
import type { CheckResult } from '../../lib/backup/index.ts';
import { carryOut } from '../../lib/drill/run.ts';
import type { Drill, Phase, Scenario } from '../../lib/drill/scenario.ts';
import type { Timeline } from '../../lib/drill/timeline.ts';
import { asOpsError } from '../../lib/errors/index.ts';
import type { InSession } from '../../lib/site/index.ts';
import { check } from './sample.ts';

const test = suite('a phase that must prove something');
const DONE: Partial<CheckResult> = { id: 'site.fence', state: 'passed' };
const OPEN: Partial<CheckResult> = {
  id: 'site.fence',
  state: 'unrun',
  code: 'FENCE_OPEN',
  got: '10.0.2.2:2222 answers',
};

/** What a drill of two phases, of which the first proves what is given, came to. */
async function carriedOut(proven: Partial<CheckResult>) {
  const begun: string[] = [];
  const phases: Phase[] = [
    { name: 'fence', steps: () => [], prove: async () => [check(proven)] },
    { name: 'data', steps: () => [] },
  ];
  const scenario = { phases: async () => phases, checks: async () => [], rpo: async () => [], after: async () => [] };
  const target = {
    signal: new AbortController().signal,
    emit: ({ text }: { text: string }) => void begun.push(text),
  };
  const timeline = { mark: async (mark: string) => ({ mark, at: new Date(0).toISOString() }), marks: () => [] };
  const session = { apply: async () => ({}) };
  const ended = await carryOut(
    scenario as unknown as Scenario,
    { target } as unknown as Drill,
    timeline as unknown as Timeline,
    session as unknown as InSession,
  );
  return { begun, ended };
}

test('what is proven is among what was seen, and the drill goes on', async () => {
  const { begun, ended } = await carriedOut(DONE);
  equal(begun, ['fence', 'data']);
  is(ended.checks[0]?.state, 'passed');
  is(ended.error, undefined);
});

test('what is required and not proven ends the drill before its next phase, under its own code', async () => {
  const { begun, ended } = await carriedOut(OPEN);
  equal(begun, ['fence']);
  is(ended.checks[0]?.state, 'unrun');
  is(asOpsError(ended.error).code, 'FENCE_OPEN');
  match(asOpsError(ended.error).message, 'cannot go on after fence: 10.0.2.2:2222 answers');
});

test('what is not required ends nothing', async () =>
  equal((await carriedOut({ ...OPEN, required: false })).begun, ['fence', 'data']));

test.run();
