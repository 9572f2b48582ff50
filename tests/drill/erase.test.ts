import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flaws } from '../../lib/drill/scenarios/erase-attempt.ts';

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

test.run();
