import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { credentialResults } from '../../lib/drill/checks/credentials.ts';
import type { Trial } from '../../lib/drill/checks/trials.ts';
import { verdictOf } from '../../lib/drill/verdict.ts';
import { OpsError } from '../../lib/errors/index.ts';

const trial = (old: boolean | undefined, fresh: boolean, id = 'store'): Trial => ({
  id,
  what: 'role site',
  old: async () => old,
  fresh: async () => fresh,
});
const silent: Trial = {
  ...trial(false, true),
  old: () => Promise.reject(new OpsError('STORE_UNREACHABLE', 'cannot reach the store')),
};

const CASES: readonly [promise: string, trials: Trial[], state: string, verdict: string][] = [
  ['refused and let in: passed', [trial(false, true)], 'passed', 'verified'],
  [
    'an old value that still opens something: not verified',
    [trial(false, true), trial(true, true)],
    'failed',
    'not verified',
  ],
  ['a value that was not changed: not verified', [trial(undefined, true)], 'failed', 'not verified'],
  ['a new value that opens nothing: not verified', [trial(false, false)], 'failed', 'not verified'],
  ['a store that gives no answer: it could not be told', [silent], 'unrun', 'inconclusive'],
];

for (const [promise, trials, state, verdict] of CASES)
  test(promise, async () => {
    const checks = await credentialResults(trials);
    assert.equal([checks.map(check => check.state), verdictOf({ checks })], [[state], verdict]);
  });

test('each credential is a check of its own', async () => {
  const checks = await credentialResults([trial(false, true), trial(true, true, 'token'), trial(false, true)]);
  assert.equal(
    checks.map(({ id, state }) => [id, state]),
    [
      ['credential.store', 'passed'],
      ['credential.token', 'failed'],
    ],
  );
});

test.run();
