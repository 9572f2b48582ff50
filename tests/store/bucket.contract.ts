import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openBucket, openStore, type Setting } from '../../lib/store/index.ts';
import { type StoreWorld, s3Place, storeWorld } from '../backup/store-world.ts';

const states = (settings: readonly Setting[] = []) => settings.map(({ name, state }) => `${name} ${state}`);

const bucket = suite<{ world: StoreWorld }>('bucket');
bucket.before(async context => {
  context.world = await storeWorld('store-bucket');
  await context.world.run();
});
bucket.after(({ world }) => world.close());

bucket('a bucket is made, hardened twice alike, erased with all its versions, and removed', async ({ world }) => {
  const access = { ...(await world.access('admin')), bucket: 'muster-scratch' };
  const scratch = openBucket(access, world.env);
  assert.is(await scratch.inspect(), undefined);
  const settings = await scratch.harden();
  assert.equal(await scratch.harden(), settings);
  assert.equal(await scratch.inspect(), settings);
  const store = openStore(access, world.env);
  const left = Array.from({ length: 1100 }, (_, n) => `deep/${n % 550}`);
  const worker = async () => {
    for (let key = left.pop(); key; key = left.pop()) await store.put(key, `${left.length}`);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  await store.remove(['deep/1', 'deep/2']);
  await store.put('other', 'stays');
  await scratch.erase('deep/');
  assert.equal(
    (await store.list('')).map(({ key }) => key),
    ['other'],
  );
  const refused = await scratch.remove().then(
    () => undefined,
    error => error,
  );
  assert.is(refused?.code, 'STORE_REFUSED');
  assert.match(refused.message, 'BucketNotEmpty');
  await scratch.erase('');
  await scratch.remove();
  assert.is(await scratch.inspect(), undefined);
  store.close();
  scratch.close();
});

bucket(
  'what was removed or replaced goes for good when its time is over, and nothing that is there',
  async ({ world }) => {
    const access = { ...(await world.access('admin')), bucket: 'muster-past' };
    const scratch = openBucket(access, world.env);
    await scratch.harden();
    const store = openStore(access, world.env);
    const keys = Array.from({ length: 400 }, (_, n) => `wal/${n}`);
    const each = async (act: (key: string) => Promise<unknown>) => {
      const left = [...keys];
      const worker = async () => {
        for (let key = left.pop(); key; key = left.pop()) await act(key);
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    };
    await each(key => store.put(key, 'first'));
    await each(key => store.put(key, 'second'));
    await store.remove(keys.slice(0, 300));
    const [yesterday, later] = [-86_400_000, 60_000].map(ms => new Date(Date.now() + ms));
    await scratch.forget(yesterday ?? new Date());
    const { versions, markers } = await scratch.past(later ?? new Date());
    assert.ok(versions.length >= 690, `${versions.length} of 700`);
    assert.ok(markers.length >= 295, `${markers.length} of 300`);
    await scratch.forget(later ?? new Date());
    assert.equal(await scratch.past(later ?? new Date()), { versions: [], markers: [] });
    const left = await store.list('');
    assert.is(left.length, 100);
    assert.is(Buffer.from((await store.get('wal/350')) ?? []).toString(), 'second');
    await scratch.erase('');
    await scratch.remove();
    store.close();
    scratch.close();
  },
);

bucket("one site's keys open no other bucket", async ({ world }) => {
  const admin = openBucket({ ...(await world.access('admin')), bucket: 'muster-other' }, world.env);
  await admin.harden();
  admin.close();
  for (const role of ['site', 'reader'] as const) {
    const store = openStore({ ...(await world.access(role)), bucket: 'muster-other' }, world.env);
    for (const act of [() => store.list(''), () => store.get('x'), () => store.put('x', 'y')])
      assert.is(await act().then(String, error => error.code), 'STORE_REFUSED', role);
    store.close();
  }
});

/** A site that brings its endpoint: the same server, reached by what an inventory says. */
const s3World = async (world: StoreWorld, role: 'admin' | 'site', name: string): Promise<StoreWorld> =>
  storeWorld('store-s3', await s3Place(world, role, name));

bucket('of an s3 store the bucket is made and hardened where the keys allow it', async ({ world }) => {
  const s3 = await s3World(world, 'admin', 'brought');
  try {
    assert.equal((await s3.run()).changed, ['store.bucket site/store-s3']);
    assert.equal((await s3.run()).changed, []);
    const opened = openBucket(await s3.access('site'), s3.env);
    assert.equal(states(await opened.inspect()).slice(0, 2), ['versioning held', 'ownership held']);
    opened.close();
  } finally {
    await s3.close();
  }
});

bucket('versions that nobody may look at are unknown, never taken for held', async ({ world }) => {
  const s3 = await s3World(world, 'site', 'muster-store-bucket');
  try {
    const error = await s3.run().then(
      () => undefined,
      thrown => thrown,
    );
    assert.is(error?.exit, 2, error?.message);
    assert.match(error.message, 'versioning is unseen: AccessDenied');
  } finally {
    await s3.close();
  }
});

bucket.run();
