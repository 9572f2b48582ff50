import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Check } from '../../lib/backup/check.ts';
import { runChecks } from '../../lib/backup/run-checks.ts';
import { OpsError } from '../../lib/errors/index.ts';

const check = (look: Check<undefined>['look']): Check<undefined> => ({
  id: 'x.y',
  title: 'x is y',
  source: 'set',
  level: 'L4',
  required: true,
  expected: 'y',
  look,
});
const run = async (look: Check<undefined>['look']) => (await runChecks([check(look)], undefined))[0];

test('a result carries what the check is, and what was seen', async () => {
  assert.equal(await run(async () => ({ state: 'failed', got: 'z', code: 'TABLE_ROWS' })), {
    id: 'x.y',
    title: 'x is y',
    source: 'set',
    level: 'L4',
    required: true,
    expected: 'y',
    state: 'failed',
    got: 'z',
    code: 'TABLE_ROWS',
  });
});

for (const code of [
  'STORE_UNREACHABLE',
  'STORE_REFUSED',
  'CLUSTER_UNREACHABLE',
  'SHELL_LOST',
  'SHELL_UNREACHABLE',
  'CHECK_UNRUN',
] as const) {
  test(`${code} leaves a check unrun, with that name`, async () => {
    const result = await run(async () => Promise.reject(new OpsError(code, 'cannot see it')));
    assert.equal([result?.state, result?.code, result?.got], ['unrun', code, 'cannot see it']);
  });
}

for (const error of [
  new TypeError('x is not a function'),
  new OpsError('TABLE_ROWS', 'cannot be a throw'),
  'text',
  undefined,
]) {
  test(`a check that breaks (${error}) is unrun, and never passed`, async () => {
    const result = await run(() => Promise.reject(error));
    assert.equal([result?.state, result?.code], ['unrun', 'INTERNAL']);
  });
}

test('a check that breaks before it returns a promise is unrun too, and the next one runs', async () => {
  const broken = check(() => {
    throw new Error('at once');
  });
  const results = await runChecks([broken, check(async () => ({ state: 'passed', got: 'y' }))], undefined);
  assert.equal(
    results.map(({ state }) => state),
    ['unrun', 'passed'],
  );
});

test('fifty details at most, each one line of plain text whatever a table is named', async () => {
  const details = Array.from({ length: 60 }, (_, n) => `${n} <script>\u001b[31m\n\u202e`);
  const result = await run(async () => ({ state: 'failed', got: 'z', code: 'TABLE_ROWS', details }));
  assert.is(result?.details?.length, 50);
  assert.is((await run(async () => ({ state: 'passed', got: 'a\r"b"' })))?.got, 'a\\u000d"b"');
  assert.is(result?.details?.[7], '7 <script>\\u001b[31m\\u000a\\u202e');
});

test.run();
