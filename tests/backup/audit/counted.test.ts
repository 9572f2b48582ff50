import { suite } from 'uvu';
import { equal } from 'uvu/assert';
import { orphansOf } from '../../../lib/backup/audit/orphans.ts';
import { setsWrong } from '../../../lib/backup/audit/sets.ts';
import { walReach } from '../../../lib/backup/audit/wal.ts';
import type { SetRow } from '../../../lib/backup/list.ts';
import type { SealedSet } from '../../../lib/backup/source.ts';
import type { StoredObject } from '../../../lib/engine/index.ts';
import { idOf } from '../set-world.ts';

const NOON = '2026-11-21T12:00:00.000Z';
const segment = (name: string, modified = NOON, size = 1): StoredObject => ({
  key: `pgbackrest/archive/main/15-1/${name.slice(0, 16)}/${name}-${'a'.repeat(40)}.zst`,
  size,
  modified,
});
const on = (timeline: number, ...numbers: number[]) =>
  numbers.map(n => `${String(timeline).padStart(8, '0')}00000000${n.toString(16).toUpperCase().padStart(8, '0')}`);

const wal = suite('WAL is counted segment by segment');

wal('up to the newest one, also into the next file of 256', () => {
  const names = [...on(1, 254, 255), '000000010000000100000000'];
  const { gaps, newest } = walReach(
    names[0] ?? '',
    names.map(name => segment(name)),
  );
  equal(gaps, []);
  equal(newest, { segment: '000000010000000100000000', archived: new Date(NOON) });
});

wal('a gap is named, and nothing behind it counts as reached', () => {
  const { gaps, newest } = walReach(
    on(1, 3)[0] ?? '',
    on(1, 3, 4, 6, 8).map(name => segment(name)),
  );
  equal(gaps, on(1, 5, 7));
  equal(newest?.segment, on(1, 4)[0]);
});

wal('an archive without the first segment leads nowhere', () => {
  equal(
    walReach(
      on(1, 3)[0] ?? '',
      on(1, 4).map(name => segment(name)),
    ),
    { gaps: on(1, 3), count: 1 },
  );
  equal(walReach(on(1, 3)[0] ?? '', []).gaps, on(1, 3));
});

wal('a segment without bytes is none', () => {
  equal(
    walReach(on(1, 3)[0] ?? '', [
      segment(on(1, 3)[0] ?? ''),
      segment(on(1, 4)[0] ?? '', NOON, 0),
      segment(on(1, 5)[0] ?? ''),
    ]).gaps,
    on(1, 4),
  );
});

wal('a timeline goes on where it left the one before, and a gap between them is seen', () => {
  const reach = (names: string[]) =>
    walReach(
      on(1, 3)[0] ?? '',
      names.map(name => segment(name)),
    );
  equal(reach([...on(1, 3, 4, 5), ...on(2, 4, 5, 6)]).gaps, []);
  equal(reach([...on(1, 3, 4, 5), ...on(2, 4, 5, 6)]).newest?.segment, on(2, 6)[0]);
  equal(reach([...on(1, 3, 4), ...on(2, 7)]).gaps, on(2, 5, 6));
  equal(reach([...on(1, 3, 4), ...on(2, 5, 7)]).gaps, on(2, 6));
});

wal('a timeline that began before the base backup does not lead on from it', () => {
  const { gaps, newest } = walReach(
    on(1, 8)[0] ?? '',
    [...on(1, 8, 9), ...on(2, 4, 5)].map(name => segment(name)),
  );
  equal(gaps, []);
  equal(newest?.segment, on(1, 9)[0]);
});

wal.run();

const row = (n: number, rest: Partial<SetRow> = {}): SetRow => ({ id: idOf(n), complete: true, sources: [], ...rest });
const after = (n: number) => ({ manifest: { previous: { id: idOf(n), sha256: '' } } }) as unknown as SealedSet;
const never = { complete: false, problem: { code: 'SET_INCOMPLETE', text: 'never sealed' } } as const;
const codes = (rows: SetRow[], vanished: string[] = []) => setsWrong({ rows, vanished }).map(({ code }) => code);

const sets = suite('sets');

sets('a backup that failed is wrong until a later one is complete', () => {
  equal(codes([row(2, never), row(1)]), ['SET_INCOMPLETE']);
  equal(codes([row(3), row(2, never), row(1)]), []);
});

sets('a set whose manifest was removed is no backup that failed: a later one names it', () => {
  equal(codes([row(3, { set: after(2) }), row(2, never)]), ['SET_ARTEFACT_MISSING']);
});

sets('what was changed or has vanished stays wrong, whatever came after it', () => {
  equal(codes([row(2), row(1, { complete: false, problem: { code: 'MANIFEST_CHANGED', text: 'x' } })]), [
    'MANIFEST_CHANGED',
  ]);
  equal(codes([row(2)], [idOf(1)]), ['SET_ABSENT']);
});

sets.run();

const sealed = (n: number, label: string) =>
  ({
    manifest: {
      id: idOf(n),
      sources: [
        { source: 'postgres', facts: { pgbackrest: { stanza: 'main', label } } },
        { source: 'velero', facts: { backup: `muster-${idOf(n).toLowerCase()}` } },
      ],
    },
  }) as unknown as SealedSet;
const object = (key: string): StoredObject => ({ key, size: 1, modified: NOON });
const base = (label: string) => object(`pgbackrest/backup/main/${label}/backup.manifest`);
const velero = (name: string) => object(`velero/backups/${name}/velero-backup.json`);

const orphans = suite('orphans');

orphans('are what no set names; what is older than every set went with one that expired', () => {
  const kept = [sealed(5, '20261121-120005F')];
  const there = [
    base('20261121-120005F'),
    velero(`muster-${idOf(5).toLowerCase()}`),
    object('pgbackrest/archive/main/archive.info'),
  ];
  equal(orphansOf(kept, [], there), { foreign: [], expired: 0 });
  equal(orphansOf(kept, [], [...there, base('20261121-120001F'), velero(`muster-${idOf(1).toLowerCase()}`)]), {
    foreign: [],
    expired: 2,
  });
  equal(
    orphansOf(kept, [], [...there, base('20261121-130000F'), velero('mine'), object('notes.txt'), object('sets/x/y')])
      .foreign,
    [
      'pgbackrest/backup/main/20261121-130000F/: 1 objects',
      'velero/backups/mine/: 1 objects',
      'notes.txt: 1 objects',
      'sets/x/: 1 objects',
    ],
  );
});

orphans("what a set has that was not sealed is that set's matter", () => {
  const made = [base('20261121-120008F'), velero(`muster-${idOf(7).toLowerCase()}`)];
  equal(orphansOf([sealed(5, '20261121-120005F')], [idOf(7)], made).foreign, []);
  equal(orphansOf([sealed(5, '20261121-120005F')], [], made).foreign.length, 2);
});

orphans.run();
