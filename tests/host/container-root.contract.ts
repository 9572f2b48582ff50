import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Ctx } from '../../lib/engine/index.ts';
import { plant } from '../../lib/host/container/create.ts';
import { plantedByFence } from '../../lib/host/fence.ts';
import { Masker, Secret } from '../../lib/secret/index.ts';
import { createShells, type Shells } from '../../lib/shell/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { identity } from './world.ts';

const BLOBS = 'var/lib/rancher/blobs';
const keys = { hostPrivateKey: new Secret('PRIVATE\nKEY\n'), operatorKey: 'ssh-ed25519 AAAA operator' };

interface Context {
  dir: string;
  image: string;
  root: string;
  shells: Shells;
  ctx: Ctx;
}

const test = suite<Context>('the root of a machine that is a container');

test.before.each(async context => {
  context.dir = await mkdtemp(join(tmpdir(), 'muster-root-'));
  context.image = join(context.dir, 'image');
  context.root = join(context.dir, 'root');
  const { image } = context;
  for (const path of ['system/etc/ssh', 'system/root', 'system/var/lib/rancher', 'linked/1'])
    await mkdir(join(image, path), { recursive: true });
  await writeFile(join(image, 'system/etc/motd'), 'hello\n');
  await writeFile(join(image, 'linked/1/blob'), 'large\n');
  await writeFile(join(image, 'links'), `1 ${BLOBS}\n`);
  const { signal } = new AbortController();
  const connect = (host: string) => Promise.reject(new Error(host));
  context.shells = createShells({ connect, clock: systemClock, signal, masker: new Masker() });
  context.ctx = { signal, shell: context.shells.shell } as unknown as Ctx;
});

test.after.each(async ({ dir, shells }) => {
  await shells.close();
  await rm(dir, { recursive: true, force: true });
});

const inode = async (path: string) => (await stat(path)).ino;

test('what may be written is a copy of its own; what nobody writes in place is one file with the cache', async context => {
  const { image, root, ctx } = context;
  await plant(image, root, identity, keys, ctx);
  assert.is.not(await inode(join(root, 'etc/motd')), await inode(join(image, 'system/etc/motd')));
  assert.is(await inode(join(root, BLOBS, 'blob')), await inode(join(image, 'linked/1/blob')));
});

test('it outlives the cache', async ({ image, root, ctx }) => {
  await plant(image, root, identity, keys, ctx);
  await rm(image, { recursive: true });
  assert.is(await readFile(join(root, BLOBS, 'blob'), 'utf8'), 'large\n');
});

test('its name, its id and its keys are there before anything runs, the private one for root alone', async context => {
  const { image, root, ctx } = context;
  await plant(image, root, identity, keys, ctx);
  const text = (path: string) => readFile(join(root, path), 'utf8');
  assert.is(await text('etc/hostname'), 'server-1\n');
  assert.is(await text('etc/machine-id'), `${identity.uuid.replaceAll('-', '')}\n`);
  assert.is(await text('root/.ssh/authorized_keys'), 'ssh-ed25519 AAAA operator\n');
  assert.is(await text('etc/ssh/ssh_host_ed25519_key'), 'PRIVATE\nKEY\n');
  assert.is((await stat(join(root, 'etc/ssh/ssh_host_ed25519_key'))).mode & 0o777, 0o600);
});

test('the files of a fence are in it before anything runs', async ({ image, root, ctx }) => {
  const more = plantedByFence({ name: 'lab-rehearsal', store: { address: '10.0.2.2', port: 7443 } });
  await plant(image, root, identity, { ...keys, more }, ctx);
  for (const { path, text } of more) assert.is(await readFile(join(root, path), 'utf8'), text);
});

test('what a killed run left of it is not taken over', async ({ image, root, ctx }) => {
  await mkdir(join(root, BLOBS), { recursive: true });
  await writeFile(join(root, BLOBS, 'half'), '');
  await plant(image, root, identity, keys, ctx);
  assert.is(await stat(join(root, BLOBS, 'half')).catch(error => error.code), 'ENOENT');
});

test.run();
