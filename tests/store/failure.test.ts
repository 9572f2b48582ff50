import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { passing, storeError } from '../../lib/store/failure.ts';

const answered = (status: number, name: string) =>
  Object.assign(new Error('in its words'), { name, $metadata: { httpStatusCode: status } });
const network = (code: string, text = code) => Object.assign(new Error(text), { code });

// What came, what it means, and whether the next attempt may be luckier.
const CASES: [string, Error, string, boolean][] = [
  ["a refusal is the store's own decision", answered(403, 'AccessDenied'), 'STORE_REFUSED', false],
  ['a missing bucket is an answer', answered(404, 'NoSuchBucket'), 'STORE_REFUSED', false],
  ['what an endpoint does not have is an answer', answered(501, 'NotImplemented'), 'STORE_REFUSED', false],
  ['a failing server tells nothing', answered(500, 'InternalError'), 'STORE_UNREACHABLE', true],
  ['a busy server tells nothing', answered(503, 'SlowDown'), 'STORE_UNREACHABLE', true],
  ['too many requests are no refusal', answered(429, 'TooManyRequests'), 'STORE_UNREACHABLE', true],
  ['an answer that cannot be read is none', answered(200, 'SyntaxError'), 'STORE_UNREACHABLE', true],
  ['a refused connection tells nothing', network('ECONNREFUSED'), 'STORE_UNREACHABLE', true],
  ['a cut connection tells nothing', network('ECONNRESET', 'aborted'), 'STORE_UNREACHABLE', true],
  [
    'a foreign authority is not tried again',
    network('UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'),
    'STORE_UNREACHABLE',
    false,
  ],
];

for (const [promise, thrown, code, again] of CASES)
  test(promise, () => {
    const error = storeError('read muster-lab/x', 'https://127.0.0.1:7443', thrown);
    assert.is(error.code, code, error.message);
    assert.is(passing(error), again);
    assert.match(error.message, /^cannot read muster-lab\/x: .*127\.0\.0\.1:7443/);
    assert.is(error.cause, thrown);
  });

for (const [name, hint] of [
  ['RequestTimeTooSkewed', /^set the clock of this computer/],
  ['ExpiredToken', /^its keys have expired/],
] as const)
  test(`what is to be put right is said of ${name}`, () =>
    assert.match(storeError('read x', 'https://127.0.0.1:7443', answered(403, name)).hint ?? '', hint));

test.run();
