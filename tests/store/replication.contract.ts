import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type BucketWant, openBucket, refuseUnsafe, type StoreAccess, type StoreEnv } from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { storeWorld } from '../backup/store-world.ts';
import { startMoto } from '../servers/moto/moto.ts';

const env: StoreEnv = { clock: systemClock, signal: new AbortController().signal, random: Math.random };
const ROLE = 'arn:aws:iam::123456789012:role/replication';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/far';

const hardened = async (access: StoreAccess, want: BucketWant) => {
  const bucket = openBucket(access, env, want);
  const settings = await bucket.harden().finally(bucket.close);
  return settings.find(({ name }) => name === 'replication');
};

const DISABLED = { Status: 'Disabled' } as const;

/** As somebody who is not muster. */
async function sdkOf({ here, ca = '', region, accessKey, secretKey }: StoreAccess) {
  const sdk = await import('@aws-sdk/client-s3');
  const credentials = { accessKeyId: accessKey.reveal(), secretAccessKey: secretKey.reveal() };
  const requestHandler = { httpsAgent: { ca } };
  return {
    sdk,
    client: new sdk.S3Client({ endpoint: here, region, forcePathStyle: true, credentials, requestHandler }),
  };
}

const replication = suite('the replication of a bucket');
const want: BucketWant = { lock: 14, replication: { role: ROLE, bucket: 'far', kmsKey: KEY } };

replication('is written and read back on what stands in for AWS', async () => {
  const { access, close } = await startMoto();
  try {
    await hardened(access('far'), { lock: 14 });
    const seen = await hardened(access('near'), want);
    assert.is(seen?.got, `to arn:aws:s3:::far as ${ROLE}, by ${KEY}, removals not`);
    assert.is(seen?.state, 'held');
    const other = { ...want, replication: { role: ROLE, bucket: 'elsewhere' } };
    await hardened(access('elsewhere'), { lock: 14 });
    assert.is((await hardened(access('near'), other))?.got, `to arn:aws:s3:::elsewhere as ${ROLE}, removals not`);
  } finally {
    await close();
  }
});

replication('leaves the rules of others where they are', async () => {
  const { access, close } = await startMoto();
  const { client, sdk } = await sdkOf(access('near'));
  const rulesOfNear = async () => {
    const got = await client.send(new sdk.GetBucketReplicationCommand({ Bucket: 'near' }));
    return got.ReplicationConfiguration?.Rules?.map(({ ID }) => ID);
  };
  try {
    await hardened(access('far'), { lock: 14 });
    await hardened(access('near'), { lock: 14 });
    const Destination = { Bucket: 'arn:aws:s3:::far' };
    const theirs = { ID: 'theirs', Status: 'Enabled', Priority: 1, Filter: { Prefix: 'logs/' }, Destination } as const;
    const ReplicationConfiguration = { Role: ROLE, Rules: [{ ...theirs, DeleteMarkerReplication: DISABLED }] };
    await client.send(new sdk.PutBucketReplicationCommand({ Bucket: 'near', ReplicationConfiguration }));
    assert.is((await hardened(access('near'), want))?.state, 'held');
    assert.equal(await rulesOfNear(), ['theirs', 'muster-replica']);
  } finally {
    client.destroy();
    await close();
  }
});

replication('is refused where the endpoint has none: the inventory asks for it, and nobody would copy', async () => {
  const world = await storeWorld('replication');
  await world.run();
  const admin = await world.access('admin');
  const seen = await hardened({ ...admin, bucket: 'near' }, want);
  assert.is(seen?.state, 'unsupported');
  assert.throws(() => refuseUnsafe('near', seen ? [seen] : []), /replication unsupported/);
  await world.close();
});

replication.run();
