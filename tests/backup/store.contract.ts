import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { purgeStore } from '../../lib/backup/store/index.ts';
import { inspect } from '../../lib/secret/index.ts';
import { siteDirs } from '../../lib/site/place.ts';
import { storePort } from '../../lib/site/store-port.ts';
import { listening, openBucket, openStore } from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { type StoreWorld, storeWorld } from './store-world.ts';

const store = suite<{ world: StoreWorld }>('local store');
store.before(async context => {
  context.world = await storeWorld('store-life');
  await context.world.run();
});
store.after(({ world }) => world.close());

const write = async (world: StoreWorld, key: string) => {
  const client = openStore(await world.access('site'), world.env);
  const object = await client.put(key, `of ${key}`);
  client.close();
  return object;
};
const read = async (world: StoreWorld, key: string, versionId?: string) => {
  const client = openStore(await world.access('reader'), world.env);
  const bytes = await client.get(key, versionId);
  client.close();
  return bytes && Buffer.from(bytes).toString();
};

store('a second run has nothing to do, and there is one server', async ({ world }) => {
  const pid = await world.pid();
  const { changed, unchanged } = await world.run();
  assert.equal([changed, unchanged], [[], 3]);
  assert.is(await world.pid(), pid);
});

store('its folder is for its owner only, and no secret is in its arguments or its log', async ({ world }) => {
  const { files } = world;
  for (const path of [files.dir, files.data, files.versions, files.iam, files.secrets])
    assert.is(statSync(path).mode & 0o777, 0o700, path);
  for (const path of [files.key, `${files.iam}/users.json`, files.log])
    assert.is(statSync(path).mode & 0o777, 0o600, path);
  const args = readFileSync(`/proc/${await world.pid()}/cmdline`, 'utf8');
  const log = readFileSync(files.log, 'utf8');
  const environment = readFileSync(`/proc/${await world.pid()}/environ`, 'utf8').split('\0');
  const names = environment.map(text => text.split('=')[0]).filter(Boolean);
  assert.equal(names.sort(), ['PATH', 'ROOT_ACCESS_KEY', 'ROOT_SECRET_KEY']);
  for (const role of ['site', 'reader', 'admin'] as const) {
    const { secretKey } = await world.access(role);
    assert.not.ok(args.includes(secretKey.reveal()) || log.includes(secretKey.reveal()), role);
  }
  assert.not.ok(
    (await world.secrets.list()).some(name => name.includes('admin')),
    'the admin is in no site',
  );
});

store('the bucket is hardened as far as the endpoint goes, and what it lacks is listed', async ({ world }) => {
  const bucket = openBucket(await world.access('admin'), world.env);
  const settings = (await bucket.inspect()) ?? [];
  bucket.close();
  assert.equal(
    settings.map(({ name, state }) => `${name} ${state}`),
    [
      'versioning held',
      'ownership held',
      'public-access unsupported',
      'encryption unsupported',
      'lifecycle unsupported',
    ],
  );
});

store(
  'an open site has one client, whoever closes what it was handed',
  async ({ world: { site, secrets, env, project } }) => {
    const dirs = siteDirs(project, site.name);
    const port = storePort(site, { ...env, dirs, secrets, provider: { gateway: '10.0.2.2' } });
    const [one, two] = [await port.open(site.name), await port.open(site.name)];
    assert.is(one.get, two.get);
    one.close();
    await two.put('through the port', 'x');
    assert.is((await two.list('through')).length, 1);
    port.close();
  },
);

store('guests find their names in its certificate', async ({ world }) => {
  const { names, addresses } = inspect(readFileSync(world.files.certificate, 'utf8'));
  assert.equal(addresses, ['10.0.2.2', '127.0.0.1']);
  // Also as names, for pgBackRest 2.45.
  assert.equal(names, [...addresses, 'localhost']);
  assert.match((await world.access('site')).there, /^https:\/\/10\.0\.2\.2:\d+$/);
});

store('a setting that somebody changed is seen and written again', async ({ world }) => {
  const { S3Client, PutBucketVersioningCommand, DeleteBucketPolicyCommand } = await import('@aws-sdk/client-s3');
  const { here, ca, accessKey, secretKey, bucket: Bucket, region } = await world.access('admin');
  const client = new S3Client({
    endpoint: here,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey.reveal(), secretAccessKey: secretKey.reveal() },
    requestHandler: { httpsAgent: { ca } },
  });
  await client.send(new DeleteBucketPolicyCommand({ Bucket }));
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }));
  client.destroy();
  assert.equal((await world.run()).changed, ['store.bucket site/store-life']);
  assert.equal((await world.run()).changed, []);
  assert.is.not((await write(world, 'after')).versionId, undefined);
});

store('killed, it starts again on the same port with the data and its versions', async ({ world }) => {
  const first = await write(world, 'kept');
  await write(world, 'kept');
  const [before, place] = [await world.pid(), await listening(world.secrets)];
  process.kill(before ?? 0, 'SIGKILL');
  assert.equal((await world.run()).changed, ['store.server site/store-life']);
  assert.is.not(await world.pid(), before);
  assert.equal(await listening(world.secrets), place);
  assert.is(await read(world, 'kept'), 'of kept');
  assert.is(await read(world, 'kept', first.versionId), 'of kept');
});

store('stopped, it is no server that answers: it is replaced', async ({ world }) => {
  const pid = (await world.pid()) ?? 0;
  process.kill(pid, 'SIGSTOP');
  assert.equal((await world.run()).changed, ['store.server site/store-life']);
  assert.not.ok(existsSync(`/proc/${pid}/exe`));
});

store('a destroyed site that is built again finds its store and gets its keys', async ({ world }) => {
  for (const name of await world.secrets.list()) await world.secrets.remove(name);
  const error = await world.access('site').then(String, thrown => thrown);
  assert.match(error.message, 'it was not made yet');
  assert.equal((await world.run()).changed, ['store.bucket site/store-life']);
  assert.is(await read(world, 'kept'), 'of kept');
});

store('with the keys alone a store that runs elsewhere is used, and none is made beside it', async ({ world }) => {
  const other = await storeWorld('store-life');
  try {
    for (const name of await world.secrets.list()) {
      const secret = await world.secrets.get(name);
      if (secret) await other.secrets.put(name, secret);
    }
    assert.equal((await other.run()).changed, []);
    assert.not.ok(existsSync(other.files.dir));
    assert.is(await read(other, 'kept'), 'of kept');
  } finally {
    await other.close();
  }
});

store(
  'stores that start at the same moment part ways; a port that the inventory names is refused, naming its holder',
  async ({ world }) => {
    const port = (await listening(world.secrets))?.port ?? 0;
    const others = await Promise.all(['one', 'two', 'three'].map(name => storeWorld(`store-${name}`)));
    const named = await storeWorld('store-named', { kind: 'local', port });
    try {
      await Promise.all(others.map(other => other.run()));
      const ports = await Promise.all(others.map(async ({ secrets }) => (await listening(secrets))?.port));
      assert.is(new Set([port, ...ports]).size, 4, `${ports}`);
      const error = await named.run().then(String, thrown => thrown);
      assert.is(error.code, 'PORT_TAKEN', error.message);
      assert.match(error.message, `versitygw (pid ${await world.pid()}) has it`);
    } finally {
      await Promise.all([...others, named].map(other => other.close()));
    }
  },
);

store(
  'a purge ends the server and removes every backup; a second one finds nothing, and the next store is new',
  async ({ world }) => {
    const pid = await world.pid();
    const dir = join(world.project, '.muster/stores/store-life');
    const deps = { secrets: world.secrets, clock: systemClock };
    assert.equal(await purgeStore(world.project, 'store-life', deps), { dir, pid });
    assert.not.ok(existsSync(dir) || existsSync(`/proc/${pid}/exe`));
    assert.equal(await purgeStore(world.project, 'store-life', deps), {});
    assert.equal((await world.run()).changed, ['store.server site/store-life', 'store.bucket site/store-life']);
    assert.is(await read(world, 'kept'), undefined);
  },
);

store.run();
