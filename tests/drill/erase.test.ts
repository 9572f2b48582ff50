import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copiesResult, eraseAttempt, flaws, historyResult } from '../../lib/drill/scenarios/erase-attempt.ts';
import { verdictOf } from '../../lib/drill/verdict.ts';
import { ATTEMPTS, BESIDE_SETS } from '../../lib/store/index.ts';

const attempt = (refused: string | null, whole = true) => [
  { as: 'Secret app/pgbackrest', key: 'sets/1/x', tried: [{ what: 'remove a version', refused }], whole },
];

test('an attempt that was allowed is named, with whose keys and on what', () => {
  assert.equal(flaws(attempt(null)), ['Secret app/pgbackrest may remove a version: sets/1/x']);
});

test('an object that did not come back is named, though every attempt was refused', () => {
  assert.equal(flaws(attempt('AccessDenied', false)), [
    'sets/1/x did not come back after Secret app/pgbackrest had tried',
  ]);
});

test('nothing is wrong when all was refused and all came back', () => {
  assert.equal(flaws(attempt('AccessDenied')), []);
});

test('on copies it is verified by what came back, failed by one that was allowed, and else not known', () => {
  for (const [all, verdict] of [
    [attempt('AccessDenied'), 'verified'],
    [attempt(null), 'not verified'],
    [attempt('AccessDenied', false), 'not verified'],
    [[], 'inconclusive'],
    [undefined, 'inconclusive'],
  ] as const)
    assert.is(verdictOf({ checks: [historyResult(all, 'rehearse'), copiesResult(all)] }), verdict);
});

test('of a set the report speaks where a set was tried, and of copies where copies were', () => {
  const titled = (mode: 'destroy' | 'rehearse') => historyResult(attempt('AccessDenied'), mode).title;
  assert.match(titled('destroy'), 'erase nothing of a set');
  assert.match(titled('rehearse'), 'erase no copy of an object of a set');
});

test('beside sets nothing is tried that would harm the bucket, and the report names what was not', () => {
  const left = ATTEMPTS.filter(one => !BESIDE_SETS.includes(one)).map(({ what }) => what);
  assert.equal(left, [
    'let versions expire after a day',
    'suspend versions',
    'remove the policy',
    'take the lock off what is written from now on',
    'remove the bucket',
  ]);
  const [first = ''] = eraseAttempt.notTried([copiesResult(attempt('AccessDenied'))]);
  for (const what of left) assert.match(first, what);
  assert.not.match(eraseAttempt.notTried([]).join(), 'suspend versions');
});

test.run();
