import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type BucketWant,
  bucketPolicy,
  openBucket,
  openStore,
  refuseUnsafe,
  type Setting,
  type StoreAccess,
  type StoreEnv,
} from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { storeWorld } from '../backup/store-world.ts';
import { httpProxy } from '../servers/http-proxy.ts';
import { startMoto } from '../servers/moto/moto.ts';

const env: StoreEnv = { clock: systemClock, signal: new AbortController().signal, random: Math.random };
const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/0d6e0b1c-0000-4000-8000-000000000000';
const states = (settings: readonly Setting[] = []) => settings.map(({ name, state }) => `${name} ${state}`);

interface World {
  access(bucket: string): StoreAccess;
  close(): Promise<void>;
}

/** As whoever has the same keys and another tool. */
const clientOf = ({ here, region, accessKey, secretKey, ca = '' }: StoreAccess) => ({
  ...{ endpoint: here, region, forcePathStyle: true },
  credentials: { accessKeyId: accessKey.reveal(), secretAccessKey: secretKey.reveal() },
  requestHandler: { httpsAgent: { ca } },
});

const inBucket = async <T>(
  access: StoreAccess,
  want: BucketWant,
  use: (bucket: ReturnType<typeof openBucket>) => T,
) => {
  const bucket = openBucket(access, env, want);
  try {
    return await use(bucket);
  } finally {
    bucket.close();
  }
};

const aws = suite<World>('a bucket on what stands in for AWS');
aws.before(async context => {
  Object.assign(context, await startMoto());
});
aws.after(({ close }) => close());

const tags = (who: string) => ({
  held: { 'muster:site': 'prod' },
  first: { 'muster:owner': who, 'muster:run': `run-of-${who}` },
});
const WHOLE: BucketWant = { lock: 14, history: 45, kmsKey: KEY, tags: tags('ann'), conditions: true };

aws('has every setting, each read back, and a second look finds nothing to do', async ({ access }) => {
  await inBucket({ ...access('whole'), region: 'eu-central-1' }, WHOLE, async bucket => {
    const settings = await bucket.harden();
    assert.equal(
      settings.filter(({ state }) => state !== 'held'),
      [],
    );
    assert.equal(states(settings), [
      'versioning held',
      'object-lock held',
      'ownership held',
      'public-access held',
      'encryption held',
      'lifecycle held',
      'tags held',
      'tls-only held',
    ]);
    assert.equal(await bucket.inspect(), settings);
  });
});

aws('a setting that somebody changed by hand is seen, and put right without touching what is not ours', async of => {
  const access = of.access('changed');
  const { S3Client, ...sdk } = await import('@aws-sdk/client-s3');
  const { PutBucketPolicyCommand, PutBucketLifecycleConfigurationCommand, GetBucketPolicyCommand } = sdk;
  const client = new S3Client(clientOf(access));
  await inBucket(access, WHOLE, async bucket => {
    await bucket.harden();
    const own = { Sid: 'TheirOwn', Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: '*' };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [own] });
    await client.send(new PutBucketPolicyCommand({ Bucket: 'changed', Policy }));
    const eater = { ID: 'eater', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 9 } } as const;
    const LifecycleConfiguration = { Rules: [eater] };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: 'changed', LifecycleConfiguration }));
    const wrong = ((await bucket.inspect()) ?? []).filter(({ state }) => state === 'wrong');
    assert.equal(
      wrong.map(({ name }) => name),
      ['lifecycle', 'tls-only'],
    );
    const after = await bucket.harden();
    const left = after.filter(({ state }) => state !== 'held');
    assert.equal(states(left), ['lifecycle wrong'], 'a rule of theirs that eats backups is theirs to remove');
    assert.match(left[0]?.got ?? '', 'rule eater takes away objects that are in use');
    const { Policy: now = '' } = await client.send(new GetBucketPolicyCommand({ Bucket: 'changed' }));
    assert.equal(
      JSON.parse(now).Statement.map(({ Sid }: { Sid: string }) => Sid),
      ['TheirOwn', 'MusterTlsOnly'],
    );
  });
  client.destroy();
});

const DENIED = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>';

aws('a lock for ever is not written where it may not be read: nobody has confirmed it', async of => {
  const access = of.access('unread');
  await inBucket(access, { lock: 1 }, bucket => bucket.harden());
  const proxy = await httpProxy(access.here, access.ca ?? '');
  proxy.faults.canned.push({ of: /^GET .*object-lock/, times: 1, answer: { status: 403, body: DENIED } });
  const strict: BucketWant = { lock: 1, lockMode: 'COMPLIANCE' };
  const settings = await inBucket({ ...access, here: proxy.url, ca: proxy.ca }, strict, bucket => bucket.harden());
  await proxy.close();
  assert.throws(() => refuseUnsafe('unread', settings), /object-lock unseen: got AccessDenied/);
  const lock = (await inBucket(access, strict, bucket => bucket.inspect()))?.find(({ name }) => name === 'object-lock');
  assert.is(lock?.got, 'GOVERNANCE 1 d');
});

aws('an object says by which key of KMS it was encrypted', async of => {
  const access = of.access('encrypted');
  await inBucket(access, { kmsKey: KEY }, bucket => bucket.harden());
  const store = openStore(access, env);
  assert.is((await store.put('sets/x', 'a set')).kmsKey, KEY);
  store.close();
});

aws('objects go into a locked bucket with the checksum that it wants, and are hidden, not erased', async of => {
  const access = of.access('locked');
  await inBucket(access, { lock: 14 }, bucket => bucket.harden());
  const store = openStore(access, env);
  const { versionId = '' } = await store.put('sets/x', 'a set');
  await store.remove(['sets/x']);
  assert.is(await store.get('sets/x'), undefined);
  assert.is(Buffer.from((await store.get('sets/x', versionId)) ?? '').toString(), 'a set');
  store.close();
});

const own = suite<World & { users: readonly [string, string] }>('a bucket on versitygw');
own.before(async context => {
  const world = await storeWorld('store-endpoints');
  await world.run();
  const admin = await world.access('admin');
  const [site, reader] = await Promise.all([world.access('site'), world.access('reader')]);
  const users = [site.accessKey.reveal(), reader.accessKey.reveal()];
  Object.assign(context, { access: (bucket: string) => ({ ...admin, bucket }), users, close: world.close });
});
own.after(({ close }) => close());

own('what it lacks is reported, and what it has is held', async ({ access }) => {
  const settings = await inBucket(access('whole'), { lock: 14, history: 45, kmsKey: KEY }, bucket => bucket.harden());
  assert.equal(states(settings), [
    'versioning held',
    'object-lock held',
    'ownership held',
    'public-access unsupported',
    'encryption unsupported',
    'lifecycle unsupported',
  ]);
});

own('a lock that nobody lifts is written where it is asked for, and the weaker one is not taken for it', async of => {
  const access = of.access('strict');
  await inBucket(access, { lock: 1 }, bucket => bucket.harden());
  await inBucket(access, { lock: 1, lockMode: 'COMPLIANCE' }, async bucket => {
    const before = (await bucket.inspect())?.find(({ name }) => name === 'object-lock');
    assert.equal([before?.state, before?.got], ['wrong', 'GOVERNANCE 1 d']);
    const after = (await bucket.harden()).find(({ name }) => name === 'object-lock');
    assert.equal([after?.state, after?.got], ['held', 'COMPLIANCE 1 d']);
  });
});

own('a version in a locked bucket is removed by nobody, its owner neither', async ({ access }) => {
  await inBucket(access('locked'), { lock: 14 }, bucket => bucket.harden());
  const store = openStore(access('locked'), env);
  await store.put('sets/x', 'a set');
  store.close();
  const refused = await inBucket(access('locked'), {}, bucket => bucket.erase('sets/').then(String, error => error));
  assert.is(refused.code, 'STORE_REFUSED', refused.message);
  assert.match([refused.message, ...refused.details].join(), /lock/i);
});
for (const [name, server] of [
  ['AWS', aws],
  ['versitygw', own],
] as const)
  server(`tags on ${name}: theirs stay, and those of whoever came first`, async of => {
    const access = of.access('tagged');
    const { S3Client, ...sdk } = await import('@aws-sdk/client-s3');
    const client = new S3Client(clientOf(access));
    const tagged = async () => {
      const { TagSet = [] } = await client.send(new sdk.GetBucketTaggingCommand({ Bucket: 'tagged' }));
      return Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]));
    };
    const stateOf = (settings: readonly Setting[] = []) => settings.find(({ name }) => name === 'tags')?.state;
    await inBucket(access, { tags: tags('ann') }, async bucket => assert.is(stateOf(await bucket.harden()), 'held'));
    const mine = { 'muster:site': 'prod', 'muster:owner': 'ann', 'muster:run': 'run-of-ann' };
    assert.equal(await tagged(), mine);
    await inBucket(access, { tags: tags('bob') }, async bucket => {
      assert.is(stateOf(await bucket.inspect()), 'held', 'another person sees nothing to do');
      const TagSet = Object.entries({ ...mine, team: 'a', 'muster:site': 'other' }).map(([Key, Value]) => ({
        Key,
        Value,
      }));
      await client.send(new sdk.PutBucketTaggingCommand({ Bucket: 'tagged', Tagging: { TagSet } }));
      assert.is(stateOf(await bucket.inspect()), 'wrong');
      assert.is(stateOf(await bucket.harden()), 'held');
    });
    assert.equal(await tagged(), { ...mine, team: 'a' });
    client.destroy();
  });

own('a statement of theirs stays beside who may do what, and is no change to write', async of => {
  const access = of.access('shared');
  const { S3Client, ...sdk } = await import('@aws-sdk/client-s3');
  const client = new S3Client(clientOf(access));
  const [site, reader] = of.users;
  const want = (...keys: string[]): BucketWant => ({
    policy: bucketPolicy('shared', { site: keys, reader: [reader] }),
  });
  await inBucket(access, want(site), bucket => bucket.harden());
  const { Policy = '' } = await client.send(new sdk.GetBucketPolicyCommand({ Bucket: 'shared' }));
  const { Statement, ...rest } = JSON.parse(Policy);
  const theirs = { ...Statement[0], Sid: 'TheirOwn', Action: ['s3:GetObject'] };
  const shared = JSON.stringify({ ...rest, Statement: [theirs, ...Statement] });
  await client.send(new sdk.PutBucketPolicyCommand({ Bucket: 'shared', Policy: shared }));
  const stateOf = async (wanted: BucketWant) =>
    (await inBucket(access, wanted, bucket => bucket.inspect()))?.find(({ name }) => name === 'policy')?.state;
  assert.equal([await stateOf(want(site)), await stateOf(want(site, reader))], ['held', 'wrong']);
  await inBucket(access, want(site, reader), bucket => bucket.harden());
  assert.is(await stateOf(want(site, reader)), 'held');
  const { Policy: now = '' } = await client.send(new sdk.GetBucketPolicyCommand({ Bucket: 'shared' }));
  assert.equal(JSON.parse(now).Statement[0], theirs);
  assert.is(JSON.parse(now).Statement.length, Statement.length + 1);
  client.destroy();
});
aws.run();
own.run();
