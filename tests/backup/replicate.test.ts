import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { staleIn } from '../../lib/backup/replicate.ts';
import type { StoredObject } from '../../lib/engine/index.ts';

const object = (etag: string, more: Partial<StoredObject> = {}): StoredObject => ({
  ...{ key: 'velero/x', size: 3, etag, modified: '2026-11-28T03:00:00.000Z' },
  ...more,
});
const later = { modified: '2026-11-28T04:00:00.000Z' };

// What the store has, what the replica has, and whether it is copied.
const CASES: [string, StoredObject, StoredObject[], boolean][] = [
  ['what is not there', object('"a"'), [], true],
  ['what is there and the same', object('"a"'), [object('"a"')], false],
  ['what has another length', object('"a"'), [object('"a"', { size: 4 })], true],
  ['what has other bytes, also when the copy is younger', object('"a"'), [object('"b"', later)], true],
  ['an upload in parts that was copied after it was written', object('"a-2"'), [object('"b"', later)], false],
  ['an upload in parts that was written again since', object('"a-2"', later), [object('"b"')], true],
  ['the lease, which is of one bucket', object('"a"', { key: '.muster/lease/x.json' }), [], false],
];

for (const [what, ours, theirs, copied] of CASES)
  test(`${what}: ${copied ? 'copied' : 'left'}`, () => assert.is(staleIn([ours], theirs).length === 1, copied));

test.run();
