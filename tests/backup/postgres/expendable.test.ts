import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kept } from '../../../lib/backup/kept.ts';
import { expendableOf, type Repository } from '../../../lib/backup/postgres/expendable.ts';
import { decideExpendable } from '../../../lib/backup/postgres/expire.ts';
import type { Manifest } from '../../../lib/backup/set.ts';
import { idOf } from '../set-world.ts';

/** Of day n: '2026112n-120000F'. */
const label = (n: number) => `202611${String(20 + n)}-120000F`;
const segment = (n: number, timeline = 1) =>
  `${String(timeline).padStart(8, '0')}00000000${n.toString(16).toUpperCase().padStart(8, '0')}`;
const backup = (n: number, over: object = {}) => ({
  label: label(n),
  annotation: { set: idOf(n) },
  archive: { start: segment(n * 16), stop: segment(n * 16 + 1) },
  ...over,
});
const object = (key: string) => ({ key, size: 1, etag: 'x', modified: '2026-11-21T12:00:00.000Z' });
const wal = (n: number, stanza = 'app-x', timeline = 1) =>
  `pgbackrest/archive/${stanza}/15-1/${segment(n, timeline).slice(0, 16)}/${segment(n, timeline)}-${'a'.repeat(40)}.zst`;
const files = (n: number, stanza = 'app-x') => `pgbackrest/backup/${stanza}/${label(n)}/bundle/1`;

/** A set of day n, whose base backup lies in a stanza. */
function setOf(n: number, stanza = 'app-x', artefacts: string[] = []): Manifest {
  const facts = { pgbackrest: { stanza, label: label(n), walFirst: segment(n * 16), walLast: segment(n * 16 + 1) } };
  const keys = [files(n, stanza), ...artefacts].map(key => ({ key, versionId: null, size: 1, sha256: '' }));
  return { id: idOf(n), sources: [{ source: 'postgres', facts, artefacts: keys }] } as unknown as Manifest;
}

const keptSets = (sets: Manifest[], more: Partial<Kept> = {}): Kept => ({
  oldest: sets.at(-1)?.id,
  ids: new Set(sets.map(({ id }) => id)),
  sets,
  unsure: false,
  ...more,
});

const days = [1, 2, 3, 4];
const repository = (over: Partial<Repository> = {}): Repository => ({
  stanza: 'app-x',
  backups: days.map(n => backup(n)),
  objects: [
    ...days.map(n => object(files(n))),
    ...Array.from({ length: 80 }, (_, n) => object(wal(n))),
    object('pgbackrest/archive/app-x/15-1/00000002.history'),
  ],
  ...over,
});

test('base backups of sets that are gone go, and the WAL before that of the oldest one that stays', () => {
  const { labels, left, wal: gone, stanzas } = expendableOf(repository(), keptSets([setOf(4), setOf(3)]));
  assert.equal(labels, [label(1), label(2)]);
  assert.equal([left.size, stanzas.size], [0, 0]);
  assert.equal([gone?.before, gone?.keys.length], [segment(48), 48]);
  assert.ok(gone?.keys.every(key => /-a{40}\.zst$/.test(key)));
});

test('a set that failed, or cannot be trusted, keeps its base backup and everything behind it', () => {
  const kept = keptSets([setOf(4), setOf(3)]);
  const { labels, wal: gone } = expendableOf(repository(), { ...kept, ids: new Set([...kept.ids, idOf(2)]) });
  assert.equal([labels, gone?.before], [[label(1)], segment(32)]);
});

test('a base backup that a person made, and one that does not say where its WAL begins, keep all of it', () => {
  const kept = keptSets([setOf(4), setOf(3)]);
  const own = repository({ backups: [backup(0, { annotation: null }), ...days.map(n => backup(n))] });
  assert.equal(expendableOf(own, kept).wal, undefined);
  const mute = repository({
    backups: [...days.map(n => backup(n)), backup(5, { archive: { start: null, stop: null } })],
  });
  assert.equal(expendableOf(mute, kept).wal, undefined);
});

test('what a killed expiry left of a base backup is found, and what may still become one is not', () => {
  const kept = keptSets([setOf(4), setOf(3)]);
  const { labels, left } = expendableOf(repository({ backups: [backup(3), backup(4)] }), kept);
  assert.equal([labels, [...left.keys()]], [[], [label(1), label(2)]]);
  const young = repository({ backups: [backup(3), backup(4)], objects: [object(files(5)), object(files(3))] });
  assert.equal(expendableOf(young, kept).left.size, 0);
});

test('of a newer timeline nothing goes, though its numbers are lower: a restore went back', () => {
  const objects = [...Array.from({ length: 80 }, (_, n) => object(wal(n))), object(wal(2, 'app-x', 2))];
  const { wal: gone } = expendableOf(repository({ objects }), keptSets([setOf(4), setOf(3)]));
  assert.not.ok(gone?.keys.includes(wal(2, 'app-x', 2)));
});

test('the archive of a database that the site had before goes with its last set, and only when all sets are trusted', () => {
  const objects = [object(files(1, 'app-old')), object(wal(1, 'app-old')), object(files(4))];
  const one = repository({ objects, backups: [backup(4)] });
  const gone = expendableOf(one, keptSets([setOf(4)])).stanzas;
  assert.equal([...gone], [['app-old', [files(1, 'app-old'), wal(1, 'app-old')]]]);
  assert.is(expendableOf(one, keptSets([setOf(4), setOf(1, 'app-old')])).stanzas.size, 0);
  assert.is(expendableOf(one, keptSets([setOf(4)], { unsure: true })).stanzas.size, 0);
  assert.is(expendableOf(one, keptSets([setOf(4)], { ids: new Set([idOf(4), idOf(2)]) })).stanzas.size, 0);
});

test('no key that a kept set names is ever among them', () => {
  const kept = keptSets([setOf(4), setOf(3, 'app-x', [wal(5), files(2)])]);
  const { wal: gone, left } = expendableOf(repository({ backups: [backup(3), backup(4)] }), kept);
  assert.not.ok(gone?.keys.includes(wal(5)));
  assert.equal(left.get(label(2)), []);
});

test('without a complete set nothing goes', () => {
  const { labels, left, wal: gone, stanzas } = expendableOf(repository(), keptSets([]));
  assert.equal([labels, left.size, gone, stanzas.size], [[], 0, undefined, 0]);
});

test('what goes is named, with how much it is; nothing is done', () => {
  const { is, ...decided } = decideExpendable(expendableOf(repository(), keptSets([setOf(4), setOf(3)])));
  assert.is(is, 'changes');
  assert.equal('changes' in decided && decided.changes.map(({ what, from }) => [what, from]), [
    [`base backup ${label(1)}`, undefined],
    [`base backup ${label(2)}`, undefined],
    [`WAL before ${segment(48)}`, '48 objects'],
  ]);
  const nothing = decideExpendable(expendableOf(repository(), keptSets([setOf(4), setOf(3), setOf(2), setOf(1)])));
  // WAL before the first base backup is nobody's.
  assert.equal(nothing.is === 'changes' && nothing.changes.map(({ what }) => what), [`WAL before ${segment(16)}`]);
});

test.run();
