import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mayWrite } from '../../lib/backup/store/reading.ts';
import { makeScratch, removeScratch, type ScratchOf } from '../../lib/backup/store/scratch.ts';
import { asOpsError } from '../../lib/errors/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { type Keys, openBucket, openStore } from '../../lib/store/index.ts';
import { type StoreWorld, storeWorld } from './store-world.ts';

interface Context {
  world: StoreWorld;
  of: ScratchOf;
  keys: Keys;
}

const test = suite<Context>("the bucket of a rehearsal's next backup");
const refusal = (act: Promise<unknown>) =>
  act.then(
    () => 'allowed',
    error => asOpsError(error).code,
  );

test.before(async context => {
  const world = await storeWorld('scratch-of');
  await world.run();
  const into = { ...world.site, name: 'scratch-of-rehearsal' } as Site;
  const of = { source: world.site, into, dirs: { project: world.project } };
  const keys = await makeScratch(of, world.env);
  if (!keys) throw new Error('no keys were made');
  Object.assign(context, { world, of, keys });
});
test.after(({ world }) => world.close());

const opened = async ({ world, keys }: Context, bucket?: string) => {
  const access = await world.access('reader');
  return openStore({ ...access, ...keys, bucket: bucket ?? access.bucket }, world.env);
};

test('its keys write, read and list there', async context => {
  const store = await opened(context, 'muster-scratch-of-rehearsal');
  await store.put('sets/a', 'a set');
  assert.is(Buffer.from((await store.get('sets/a')) ?? []).toString(), 'a set');
  assert.is((await store.list('')).length, 1);
});

test("they open nothing of the source's, and the source's keys nothing of it", async context => {
  const { world } = context;
  const store = await opened(context);
  assert.is(await mayWrite(store), false);
  assert.is(await refusal(store.list('')), 'STORE_REFUSED');
  assert.is(await refusal(store.get('sets/a')), 'STORE_REFUSED');
  for (const role of ['site', 'reader'] as const) {
    const access = await world.access(role);
    const theirs = openStore({ ...access, bucket: 'muster-scratch-of-rehearsal' }, world.env);
    assert.is(await refusal(theirs.list('')), 'STORE_REFUSED', role);
  }
});

test('the keys are in no site: its next bootstrap changes nothing', async ({ world }) => {
  assert.equal((await world.run()).changed, []);
  assert.not.ok((await world.secrets.list()).some(name => name.includes('scratch')));
});

test('one that a killed rehearsal left is used again', async ({ world, of, keys }) => {
  const again = await makeScratch(of, world.env);
  assert.ok(again?.accessKey.equals(keys.accessKey));
});

test('nothing of it is left, and the source has its users', async context => {
  const { world, of, keys } = context;
  await removeScratch(of, world.env);
  const bucket = openBucket({ ...(await world.access('admin')), bucket: 'muster-scratch-of-rehearsal' }, world.env);
  assert.is(await bucket.inspect(), undefined);
  assert.not.match(readFileSync(`${world.files.iam}/users.json`, 'utf8'), keys.accessKey.reveal());
  const store = openStore(await world.access('site'), world.env);
  await store.put('still', 'there');
  await removeScratch(of, world.env);
});

test('a store that is not run from here gives no bucket', async ({ world, of }) => {
  assert.is(await makeScratch({ ...of, dirs: { project: '/nowhere' } }, world.env), undefined);
});

test.run();
