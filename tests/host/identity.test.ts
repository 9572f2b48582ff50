import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readIdentity, writeIdentity } from '../../lib/host/identity.ts';
import { checkSocketPath, machineFiles, newMacs } from '../../lib/host/qemu/identity.ts';
import { identity, inState, refusal } from './world.ts';

test('an identity is read back as it was written, by its owner only', () =>
  inState(async (files, state) => {
    assert.is(await readIdentity(state, identity.name), undefined);
    await writeIdentity(state, identity);
    assert.equal(await readIdentity(state, identity.name), identity);
    assert.is((await stat(join(files.dir, 'machine.json'))).mode & 0o777, 0o600);
    assert.is((await stat(files.dir)).mode & 0o777, 0o700);
  }));

test('an identity that is not what muster wrote is damaged, not absent: its machine may run', () =>
  inState(async (files, state) => {
    await writeIdentity(state, identity);
    await writeFile(join(files.dir, 'machine.json'), '{"name": "ser');
    const error = await refusal(readIdentity(state, identity.name));
    assert.is(error.code, 'MACHINE_DAMAGED');
    assert.match(error.message, /machine\.json/);
  }));

test('a checkout too deep for a socket is refused before anything is made', () => {
  checkSocketPath(machineFiles('/home/someone/muster/.muster/lab', 'server-1'));
  assert.throws(
    () => checkSocketPath(machineFiles(`/${'deep/'.repeat(20)}`, 'server-1')),
    (error: { code?: string }) => error.code === 'STATE_PATH_LONG',
  );
});

test('two cards never have one address', () => {
  const { out, segment } = newMacs();
  assert.match(out, /^52:54:00(:[0-9a-f]{2}){3}$/);
  assert.is.not(out, segment);
});

test.run();
