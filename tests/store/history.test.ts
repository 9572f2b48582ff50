import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decideHistory } from '../../lib/backup/store/history.ts';
import { pastOf, type Version } from '../../lib/store/history.ts';

/** One key's versions, newest first: at what time, 'x' for a marker. */
const of = (key: string, ...written: readonly (number | `x${number}`)[]): Version[] =>
  written.map((at, n) => ({
    key,
    versionId: `${key}-${at}`,
    latest: n === 0,
    marker: typeof at === 'string',
    modified: typeof at === 'string' ? Number(at.slice(1)) : at,
  }));

const named = (all: readonly Version[], before: number) => {
  const { versions, markers } = pastOf(all, before);
  return { versions: versions.map(({ versionId }) => versionId), markers: markers.map(({ versionId }) => versionId) };
};

test('what is there now never goes, however old it is', () =>
  assert.equal(named([...of('a', 1), ...of('b', 5, 3)], 1000), { versions: ['b-3'], markers: [] }));

test('a version is of the past since the next one was written, not since it was itself', () =>
  assert.equal(named(of('a', 90, 10, 5), 50), { versions: ['a-5'], markers: [] }));

test('what was removed goes with its marker when its time is over, and not before', () => {
  assert.equal(named(of('a', 'x40', 10), 50), { versions: ['a-10'], markers: ['a-x40'] });
  assert.equal(named(of('a', 'x60', 10), 50), { versions: [], markers: [] });
});

test('a version whose next one is not in the list stays: nobody knows since when it is of the past', () => {
  const [, ...left] = of('a', 90, 10, 5);
  assert.equal(named(left, 50), { versions: ['a-5'], markers: [] });
});

test('who removes versions is said: the lifecycle of the bucket, or muster where the store is its own', () => {
  const want = { history: 30 * 86_400_000 };
  assert.equal(decideHistory(want, { by: 'lifecycle', past: 0 }).is, 'done');
  assert.equal(decideHistory(want, { by: 'muster', past: 0 }).is, 'done');
  const decided = decideHistory(want, { by: 'muster', past: 3 });
  assert.match(decided.is === 'changes' ? (decided.changes[0]?.what ?? '') : '', /^3 versions that are of the past/);
});

test.run();
