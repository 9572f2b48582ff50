import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  archivedSegments,
  hasHistory,
  historiesOf,
  segmentsBetween,
  walGaps,
} from '../../../lib/backup/postgres/wal.ts';

const test = suite('WAL is counted');

const sha1 = '70d0fa84a4b8fd54a9b5538f64c5e360b79a6569';
const key = (segment: string, rest = `-${sha1}.zst`) =>
  `pgbackrest/archive/app-x/15-1/${segment.slice(0, 16)}/${segment}${rest}`;

test('segment by segment, over the end of a log file of 256', () => {
  assert.equal(segmentsBetween('0000000100000000000000FE', '000000010000000100000001'), [
    '0000000100000000000000FE',
    '0000000100000000000000FF',
    '000000010000000100000000',
    '000000010000000100000001',
  ]);
  assert.equal(segmentsBetween('00000002000000000000000A', '00000002000000000000000A'), ['00000002000000000000000A']);
});

test('and a range that is none is refused: backwards, over timelines, of other names, endless', () => {
  for (const [first, last] of [
    ['000000010000000000000002', '000000010000000000000001'],
    ['000000010000000000000001', '000000020000000000000002'],
    ['000000010000000000000001', '00000001000000000000002'],
    ['000000010000000000000001', '0000000100000000000001FF'],
    ['000000010000000000000001', '00000001FFFFFFFF000000FF'],
  ] as const)
    assert.throws(
      () => segmentsBetween(first, last),
      (error: { code: string }) => error.code === 'MANIFEST_INVALID',
    );
});

test('what is in the archive beside segments is no segment', () => {
  const segment = '000000010000000000000003';
  const keys = [
    key(segment),
    key('000000010000000000000004', '.00000028.backup'),
    key('000000010000000000000005', `.partial-${sha1}.zst`),
    'pgbackrest/archive/app-x/15-1/00000002.history',
    'pgbackrest/archive/app-x/archive.info',
  ];
  assert.equal([...archivedSegments(keys)], [[segment, key(segment)]]);
});

test('a segment that is missing inside, at the start or at the end is a gap; what is around the range is not', () => {
  const range = {
    stanza: 'app-x',
    label: 'F',
    walFirst: '000000010000000000000003',
    walLast: '000000010000000000000006',
  };
  const have = (...last: string[]) =>
    walGaps(
      range,
      last.map(digit => key(`00000001000000000000000${digit}`)),
    );
  assert.equal(have('3', '4', '5', '6'), []);
  assert.equal(have('1', '3', '4', '5', '6', '9'), []);
  assert.equal(have('3', '4', '6'), ['000000010000000000000005']);
  assert.equal(have('4', '5'), ['000000010000000000000003', '000000010000000000000006']);
  assert.is(
    walGaps(
      range,
      [3, 4, 5, 6].map(n => key(`00000002000000000000000${n}`)),
    ).length,
    4,
  );
});

test('a set has the histories of its timelines: without them PostgreSQL knows no timeline but the first', () => {
  const history = (timeline: number) => `pgbackrest/archive/app-x/15-1/0000000${timeline}.history`;
  const keys = [history(2), history(3), history(4), key('000000030000000000000005')];
  assert.equal(historiesOf('000000030000000000000005', keys), [history(2), history(3)]);
  assert.equal(historiesOf('000000010000000000000005', keys), []);
  assert.ok(hasHistory('000000030000000000000005', keys));
  assert.ok(hasHistory('000000010000000000000005', []));
  assert.not.ok(hasHistory('000000050000000000000005', keys));
});

test.run();
