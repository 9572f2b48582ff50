import { isOpsError } from '../errors/index.ts';
import type { Connection, Wire } from './connection.ts';
import { failureOf } from './failure.ts';

/** A version that must stay. */
export interface Target {
  bucket: string;
  key: string;
  versionId: string;
}

/** A way to make history go away. */
export interface Attempt {
  what: string;
  /**
   * Where it is allowed after all. bucket: all that lies in it, which nothing undoes. lock: of the version on which it is
   * tried. nothing: that version alone, or what is there is written as it is.
   */
  harms: 'bucket' | 'lock' | 'nothing';
  act(wire: Wire, target: Target): Promise<unknown>;
}

const remove =
  (more: object) =>
  ({ sdk, client }: Wire, { bucket: Bucket, key: Key, versionId: VersionId }: Target) =>
    client.send(new sdk.DeleteObjectCommand({ Bucket, Key, VersionId, ...more }));

const removeMany =
  (more: object) =>
  ({ sdk, client }: Wire, { bucket: Bucket, key: Key, versionId: VersionId }: Target) =>
    client.send(new sdk.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, VersionId }] }, ...more }));

const BYPASS = { BypassGovernanceRetention: true };
const NOW = new Date(0);

/** What the keys of a site must not be able to do. The versions of the target last: until then it can be looked at. */
export const ATTEMPTS: readonly Attempt[] = [
  {
    what: 'let versions expire after a day',
    harms: 'bucket',
    act: ({ sdk, client }, { bucket: Bucket }) => {
      const rule = { ID: 'x', Status: 'Enabled', Filter: { Prefix: '' } } as const;
      const Rules = [{ ...rule, Expiration: { Days: 1 }, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }];
      return client.send(new sdk.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    },
  },
  {
    what: 'suspend versions',
    harms: 'bucket',
    act: ({ sdk, client }, { bucket: Bucket }) =>
      client.send(new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })),
  },
  {
    what: 'set versioning',
    harms: 'nothing',
    act: ({ sdk, client }, { bucket: Bucket }) =>
      client.send(new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })),
  },
  {
    what: 'change the policy',
    harms: 'nothing',
    act: async ({ sdk, client }, { bucket: Bucket }) => {
      const { Policy } = await client.send(new sdk.GetBucketPolicyCommand({ Bucket }));
      await client.send(new sdk.PutBucketPolicyCommand({ Bucket, Policy }));
    },
  },
  {
    what: 'remove the policy',
    harms: 'bucket',
    act: ({ sdk, client }, { bucket: Bucket }) => client.send(new sdk.DeleteBucketPolicyCommand({ Bucket })),
  },
  {
    what: 'take the lock off what is written from now on',
    harms: 'bucket',
    act: ({ sdk, client }, { bucket: Bucket }) =>
      client.send(
        new sdk.PutObjectLockConfigurationCommand({
          Bucket,
          ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
        }),
      ),
  },
  {
    what: 'shorten the retention of a version',
    harms: 'lock',
    act: ({ sdk, client }, { bucket: Bucket, key: Key, versionId: VersionId }) =>
      client.send(
        new sdk.PutObjectRetentionCommand({
          ...{ Bucket, Key, VersionId, ...BYPASS },
          Retention: { Mode: 'GOVERNANCE', RetainUntilDate: NOW },
        }),
      ),
  },
  {
    what: 'remove the bucket',
    harms: 'bucket',
    act: ({ sdk, client }, { bucket: Bucket }) => client.send(new sdk.DeleteBucketCommand({ Bucket })),
  },
  { what: 'remove a version', harms: 'nothing', act: remove({}) },
  { what: 'remove versions in one request', harms: 'nothing', act: removeMany({}) },
  { what: 'remove a version past its lock', harms: 'nothing', act: remove(BYPASS) },
  { what: 'remove versions past their lock in one request', harms: 'nothing', act: removeMany(BYPASS) },
];

/** Harmless where what is tried on was written for it: a set may lie beside. */
export const BESIDE_SETS: readonly Attempt[] = ATTEMPTS.filter(({ harms }) => harms !== 'bucket');

/** In the server's words; undefined: it was allowed. Errors: STORE_UNREACHABLE: nobody knows. */
export async function refusal(
  { what, act }: Attempt,
  target: Target,
  { call }: Connection,
): Promise<string | undefined> {
  try {
    const answer = await call(`try to ${what}`, wire => act(wire, target));
    // Of many at once each is answered of its own, and the whole with 200.
    const [one] = (answer as { Errors?: { Code?: string }[] } | undefined)?.Errors ?? [];
    return one?.Code;
  } catch (error) {
    if (isOpsError(error, 'STORE_REFUSED')) return failureOf(error.cause ?? {}).name || 'refused';
    throw error;
  }
}
