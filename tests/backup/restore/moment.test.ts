import { suite } from 'uvu';
import { equal, throws } from 'uvu/assert';
import type { SetRow } from '../../../lib/backup/list.ts';
import { chooseSet, chooseSetAt, momentOf } from '../../../lib/backup/restore/index.ts';
import { wantOf } from '../../../lib/cli/verbs/restore.ts';
import type { StoredObject } from '../../../lib/engine/index.ts';
import { isOpsError } from '../../../lib/errors/index.ts';
import { idOf } from '../set-world.ts';

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
  } catch (error) {
    return isOpsError(error) ? error.code : String(error);
  }
};

const time = (minute: number) => `2026-11-21T12:${String(minute).padStart(2, '0')}:00.000Z`;
const name = (n: number) => `0000000100000000000000${n.toString(16).toUpperCase().padStart(2, '0')}`;
/** Segment n was archived in minute n. */
const segment = (n: number): StoredObject => ({
  key: `pgbackrest/archive/main/15-1/0000000100000000/${name(n)}-${'a'.repeat(40)}.zst`,
  size: 1,
  modified: time(n),
});
/** Its point is in minute n, and its WAL begins there. */
const row = (n: number, complete = true): SetRow =>
  ({
    id: idOf(n),
    complete,
    sources: ['postgres'],
    set: {
      manifest: {
        id: idOf(n),
        sources: [
          {
            source: 'postgres',
            facts: {
              restorePoint: { at: time(n) },
              pgbackrest: { stanza: 'main', walFirst: name(n), walLast: name(n) },
            },
          },
        ],
      },
    },
  }) as unknown as SetRow;
const through = (from: number, to: number, without?: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n)
    .filter(n => n !== without)
    .map(segment);

const moments = suite('a moment');

moments('is in UTC, or it is refused', () => {
  equal(momentOf('2026-11-21T12:00:00Z').toISOString(), time(0));
  for (const text of [
    'yesterday',
    '2026-11-21',
    '2026-11-21T12:00:00',
    '2026-11-21T12:00:00+01:00',
    '2026-13-21T12:00:00Z',
  ])
    equal(
      codeOf(() => momentOf(text)),
      'USAGE',
    );
});

moments('is reached from the newest set before it', () => {
  const rows = [row(20), row(10), row(1)];
  const reach = (minute: number, id?: string) =>
    chooseSetAt(rows, through(1, 30), 'lab', new Date(time(minute)), id).manifest.id;
  equal([reach(25), reach(20), reach(15), reach(1)], [idOf(20), idOf(20), idOf(10), idOf(1)]);
  equal(reach(25, idOf(1)), idOf(1));
});

moments(
  'before the oldest point, or after the newest archived segment, is refused, and what can be reached is said',
  () => {
    const rows = [row(20), row(10)];
    const reach = (minute: number) => () => chooseSetAt(rows, through(1, 30), 'lab', new Date(time(minute)));
    equal([codeOf(reach(9)), codeOf(reach(31))], ['USAGE', 'USAGE']);
    throws(reach(31), new RegExp(`what can be reached is ${time(10)} to ${time(30)}`));
  },
);

moments('behind a gap is refused, and the segment is named; an older set does not help', () => {
  const rows = [row(10), row(1)];
  const reach = (minute: number) => chooseSetAt(rows, through(1, 30, 15), 'lab', new Date(time(minute)));
  equal(reach(14).manifest.id, idOf(10));
  equal(
    codeOf(() => reach(20)),
    'WAL_GAP',
  );
  throws(() => reach(20), new RegExp(name(15)));
});

moments('is reached from no set that is not complete', () => {
  equal(
    codeOf(() => chooseSetAt([row(10, false)], through(1, 30), 'lab', new Date(time(12)))),
    'SET_ABSENT',
  );
});

moments.run();

const sets = suite('a set');

sets('is the newest complete one, or the one that was named', () => {
  const rows = [row(3, false), row(2), row(1)];
  equal(chooseSet(rows, 'lab').manifest.id, idOf(2));
  equal(chooseSet(rows, 'lab', idOf(1)).manifest.id, idOf(1));
  equal(
    codeOf(() => chooseSet(rows, 'lab', idOf(9))),
    'SET_ABSENT',
  );
  equal(
    codeOf(() => chooseSet([], 'lab')),
    'SET_ABSENT',
  );
});

sets('that cannot be trusted is refused by what is wrong with it', () => {
  const { set: _, ...bare } = row(1, false);
  const changed = { ...bare, problem: { code: 'MANIFEST_CHANGED', text: 'x' } } as SetRow;
  equal(
    codeOf(() => chooseSet([changed], 'lab', idOf(1))),
    'MANIFEST_CHANGED',
  );
});

sets.run();

const words = suite('what a person types');
const want = (args: string[], flags = {}) => wantOf({ args, flags, site: 'lab' });

words('goes beside unless the site is named', () => {
  equal(want(['database']), { what: 'database', inPlace: false });
  equal(want(['namespace', 'app'], { confirm: 'lab' }), { what: 'namespace', name: 'app', inPlace: true });
  equal(
    codeOf(() => want(['database'], { confirm: 'other' })),
    'CONFIRM_MISSING',
  );
});

words('makes sense, or nothing is begun', () => {
  for (const args of [[], ['namespace'], ['database', 'x'], ['everything'], ['discard', 'x']])
    equal(
      codeOf(() => want(args)),
      'USAGE',
    );
  equal(
    codeOf(() => want(['set'], { at: time(1) })),
    'USAGE',
  );
});

words.run();
