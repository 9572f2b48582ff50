import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StoredObject } from '../../lib/engine/index.ts';
import { openStore } from '../../lib/store/index.ts';
import { type StoreWorld, storeWorld } from '../backup/store-world.ts';

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

/** Of what it throws; undefined: it throws nothing. */
const codeOf = (act: () => Promise<unknown>): Promise<string | undefined> =>
  act().then(
    () => undefined,
    error => error.code ?? error.message,
  );
const unversioned = ({ versionId: _, ...object }: StoredObject) => object;

const client = suite<{ world: StoreWorld }>('store');
client.before(async context => {
  context.world = await storeWorld();
  await context.world.run();
});
client.after(({ world }) => world.close());

client('an object is read as it was written, by name and by version', async ({ world }) => {
  const store = openStore(await world.access('site'), world.env);
  const first = await store.put('a/ü ?#+%/one.txt', 'first');
  const second = await store.put('a/ü ?#+%/one.txt', Buffer.from('the second'));
  assert.is.not(first.versionId, undefined);
  assert.is.not(first.versionId, second.versionId);
  assert.is(text(await store.get(first.key)), 'the second');
  assert.is(text(await store.get(first.key, first.versionId)), 'first');
  assert.equal(await store.head(first.key), second);
  assert.is(second.size, 10);
  assert.equal(await store.list('a/'), [unversioned(second)]);
  store.close();
});

client('an object that is not there is undefined; a bucket that is not there is an error', async ({ world }) => {
  const access = await world.access('site');
  const store = openStore(access, world.env);
  assert.is(await store.head('nothing'), undefined);
  assert.is(await store.get('nothing'), undefined);
  assert.is(await store.stream('nothing'), undefined);
  assert.equal(await store.list('nothing'), []);
  const other = openStore({ ...(await world.access('admin')), bucket: 'no-such-bucket' }, world.env);
  for (const ask of [() => other.head('x'), () => other.get('x'), () => other.list('x'), () => other.put('x', 'y')])
    assert.is(await codeOf(ask), 'STORE_REFUSED');
  store.close();
  other.close();
});

client('an object is hidden by its removal, and its version stays', async ({ world }) => {
  const store = openStore(await world.access('site'), world.env);
  const keys = Array.from({ length: 40 }, (_, n) => `hide/${String(n).padStart(2, '0')}`);
  const written = await Promise.all(keys.map(key => store.put(key, key)));
  assert.equal(
    (await store.list('hide/')).map(({ key }) => key),
    keys,
  );
  await store.remove(keys.slice(1));
  assert.equal(await store.list('hide/'), written.slice(0, 1).map(unversioned));
  assert.is(await store.head('hide/07'), undefined);
  assert.is(text(await store.get('hide/07', written[7]?.versionId)), 'hide/07');
  store.close();
});

client('what must be new is refused when it is there, and one of twenty wins', async ({ world }) => {
  const store = openStore(await world.access('site'), world.env);
  await store.put('once', 'mine', { ifAbsent: true });
  assert.is(await codeOf(() => store.put('once', 'yours', { ifAbsent: true })), 'STORE_EXISTS');
  assert.is(text(await store.get('once')), 'mine');
  const racers = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => store.put('race', `${n}`, { ifAbsent: true })),
  );
  assert.is(racers.filter(({ status }) => status === 'fulfilled').length, 1);
  store.close();
});

client('a file streams in and out, byte for byte', async ({ world }) => {
  const store = openStore(await world.access('site'), world.env);
  const bytes = randomBytes(24 << 20);
  const file = join(world.project, 'large');
  writeFileSync(file, bytes);
  const object = await store.put('large', { file });
  assert.is(object.size, bytes.length);
  const chunks = await Array.fromAsync((await store.stream('large')) ?? []);
  assert.ok(chunks.length > 10);
  assert.ok(Buffer.concat(chunks).equals(bytes));
  const copy = await store.copy({ bucket: store.bucket, key: 'large', versionId: object.versionId ?? '' }, 'copy of/ü');
  assert.is(copy.size, bytes.length);
  assert.ok(bytes.equals((await store.get('copy of/ü')) ?? Buffer.of()));
  writeFileSync(file, '');
  assert.is((await store.put('empty', { file })).size, 0);
  assert.is((await store.get('empty'))?.length, 0);
  store.close();
});

client('a list goes over all its pages', async ({ world }) => {
  const store = openStore(await world.access('site'), world.env);
  // '-' and '.' sort before '/': a server that walks folders meets them in another order.
  const odd = ['many/00-0', 'many/00.0', 'many/00/0', 'many/00/1', 'many/99/x'];
  const keys = [...odd, ...Array.from({ length: 1205 }, (_, n) => `many/${String(n).padStart(5, '0')}`)].sort();
  const left = [...keys];
  const worker = async () => {
    for (let key = left.pop(); key; key = left.pop()) await store.put(key, 'x');
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  await store.put('many/00007', 'newer');
  const listed = await store.list('many/');
  assert.equal(
    listed.map(({ key }) => key),
    keys,
  );
  assert.is(listed.find(({ key }) => key === 'many/00007')?.size, 5);
  store.close();
});

client.run();
