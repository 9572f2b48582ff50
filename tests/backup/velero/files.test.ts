import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VolumeFile } from '../../../lib/backup/set.ts';
import { listFiles, settled } from '../../../lib/backup/velero/files.ts';
import { makeShells } from '../../shell/local-shells.ts';

const test = suite('the files of a volume');
const folder = mkdtempSync(join(tmpdir(), 'muster-files-'));
const shells = makeShells();
test.after(async () => {
  await shells.close();
  rmSync(folder, { recursive: true, force: true });
});

const HOSTILE = ['a\nb', "it's", '"quoted"', '\\back\\slash', ' lead', '-rf', '$(x)`y`', 'tab\there', 'ünï', '*'];

test('are listed with names that no line could hold', async () => {
  const root = join(folder, 'hostile');
  mkdirSync(root);
  for (const name of HOSTILE) writeFileSync(join(root, name), name);
  const listed = await listFiles(await shells.shell('localhost'), root);
  assert.equal(
    listed?.files.map(({ path }) => path),
    [...HOSTILE].sort((a, b) => (a < b ? -1 : 1)),
  );
  assert.ok(listed?.files.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256 ?? '')));
});

test('have kind, mode, owner, size, sum and target; what Velero does not keep is said', async () => {
  const root = join(folder, 'kinds');
  mkdirSync(join(root, 'dir', '.velero'), { recursive: true });
  mkdirSync(join(root, '.velero'));
  writeFileSync(join(root, '.velero', 'mark'), '');
  writeFileSync(join(root, 'dir', 'x'), 'abc');
  chmodSync(join(root, 'dir', 'x'), 0o4750);
  linkSync(join(root, 'dir', 'x'), join(root, 'hard'));
  symlinkSync('nowhere\nat all', join(root, 'soft'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  writeFileSync(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.from([0xff])]), '');
  const listed = await listFiles(await shells.shell('localhost'), root);
  assert.equal(
    listed?.files.map(({ path }) => path),
    // Only Velero's own mark at the root is left out.
    ['dir', 'dir/.velero', 'dir/x', 'hard', 'soft'],
  );
  const { uid = 0, gid = 0, ...x } = listed?.files[2] ?? {};
  assert.equal(x, {
    path: 'dir/x',
    kind: 'file',
    mode: '4750',
    size: 3,
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  });
  assert.is(listed?.files[4]?.to, 'nowhere\nat all');
  assert.equal(listed?.notKept.sort(), ['1 FIFO', '1 not named in UTF-8', '2 hard-linked']);
});

test('are not there when their folder is not', async () => {
  assert.is(await listFiles(await shells.shell('localhost'), join(folder, 'absent')), undefined);
});

test('that moved during the backup must be there with any content; what came or went is not looked at', () => {
  const file = (path: string, size: number): VolumeFile => ({ path, kind: 'file', mode: '0644', uid: 0, gid: 0, size });
  const before = [file('same', 1), file('grew', 1), file('went', 1)];
  assert.equal(settled(before, [file('same', 1), file('grew', 2), file('came', 1)]), {
    files: [file('same', 1)],
    moving: ['grew'],
  });
});

test.run();
