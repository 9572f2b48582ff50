import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kept } from '../../../lib/backup/kept.ts';
import { backupsExpendable, decideBackups } from '../../../lib/backup/velero/expire.ts';
import { backupName } from '../../../lib/backup/velero/names.ts';
import { idOf } from '../set-world.ts';

const kept = (...days: number[]): Kept => ({
  oldest: days[0] === undefined ? undefined : idOf(days[0]),
  ids: new Set(days.map(idOf)),
  sets: [],
  unsure: false,
});
const names = [1, 2, 3, 4].map(n => backupName(idOf(n)));

test('Backups of sets that are gone go, each once, oldest first', () =>
  assert.equal(backupsExpendable([...names].reverse().concat(names), kept(3, 4)), names.slice(0, 2)));

test('what a set that failed has stays as long as it is there, and without a complete set everything does', () => {
  assert.equal(backupsExpendable(names, { ...kept(3, 4), ids: new Set([2, 3, 4].map(idOf)) }), names.slice(0, 1));
  assert.equal(backupsExpendable(names, kept()), []);
});

test('a Backup that a person made is not ours to remove', () =>
  assert.equal(backupsExpendable(['before-the-move', 'muster-old'], kept(3)), []));

test('content is dropped after the Backups that referred to it', () => {
  assert.equal(decideBackups({ backups: [] }).is, 'done');
  const decided = decideBackups({ backups: names.slice(0, 2) });
  assert.equal(decided.is === 'changes' && decided.changes.map(({ what }) => what), [
    `Backup velero/${names[0]}`,
    `Backup velero/${names[1]}`,
    'content of the volumes that nothing refers to',
  ]);
});

test.run();
