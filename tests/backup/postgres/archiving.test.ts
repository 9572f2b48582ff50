import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { archivedSince, startedAt } from '../../../lib/backup/postgres/archiving.ts';

const test = suite('whether the running server archives, seen from outside');

const started = '2026-03-01T10:00:00Z';
const segment = 'pgbackrest/archive/app-a/15-1/0000000200000000/00000002000000000000000A-'.concat(
  '0'.repeat(40),
  '.zst',
);
const object = (key: string, modified: string) => ({ key, modified, size: 1 });

test('a segment that came well after its start is its own', () => {
  assert.is(archivedSince(started, [object(segment, '2026-03-01T10:03:00Z')]), true);
});

for (const [why, objects] of [
  ['an archive without segments', []],
  ['a segment of before, which another server may have archived', [object(segment, '2026-03-01T09:59:59Z')]],
  ['a segment that came within what two clocks differ', [object(segment, '2026-03-01T10:01:59Z')]],
  ['what is no segment', [object(segment.replace(/-0+/, '-'), '2026-03-01T10:30:00Z')]],
  ['a history', [object('pgbackrest/archive/app-a/15-1/00000002.history', '2026-03-01T10:30:00Z')]],
] as const)
  test(`${why} is no answer`, () => assert.is(archivedSince(started, objects), false));

test('a server that does not run has archived nothing', () => {
  const waiting = { containerStatuses: [{ name: 'postgres', state: { waiting: { reason: 'CrashLoopBackOff' } } }] };
  assert.is(startedAt({ status: waiting }), undefined);
  assert.is(archivedSince(startedAt({ status: waiting }), [object(segment, '2026-03-01T10:30:00Z')]), false);
});

test("its start is its own container's", () => {
  const containers = [
    { name: 'other', state: { running: { startedAt: '2026-03-01T08:00:00Z' } } },
    { name: 'postgres', state: { running: { startedAt: started } } },
  ];
  assert.is(startedAt({ status: { containerStatuses: containers } }), started);
});

test.run();
