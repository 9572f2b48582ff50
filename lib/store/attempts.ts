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
  /** Undone by nothing where it is allowed after all: tried on a set in a drill only. */
  harms: boolean;
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
    harms: true,
    act: ({ sdk, client }, { bucket: Bucket }) => {
      const rule = { ID: 'x', Status: 'Enabled', Filter: { Prefix: '' } } as const;
      const Rules = [{ ...rule, Expiration: { Days: 1 }, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }];
      return client.send(new sdk.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    },
  },
  {
    what: 'suspend versions',
    harms: true,
    act: ({ sdk, client }, { bucket: Bucket }) =>
      client.send(new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })),
  },
  {
    what: 'set versioning',
    harms: false,
    act: ({ sdk, client }, { bucket: Bucket }) =>
      client.send(new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })),
  },
  {
    what: 'change the policy',
    harms: false,
    act: async ({ sdk, client }, { bucket: Bucket }) => {
      const { Policy } = await client.send(new sdk.GetBucketPolicyCommand({ Bucket }));
      await client.send(new sdk.PutBucketPolicyCommand({ Bucket, Policy }));
    },
  },
  {
    what: 'remove the policy',
    harms: true,
    act: ({ sdk, client }, { bucket: Bucket }) => client.send(new sdk.DeleteBucketPolicyCommand({ Bucket })),
  },
  {
    what: 'take the lock off what is written from now on',
    harms: true,
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
    harms: true,
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
    harms: true,
    act: ({ sdk, client }, { bucket: Bucket }) => client.send(new sdk.DeleteBucketCommand({ Bucket })),
  },
  { what: 'remove a version', harms: false, act: remove({}) },
  { what: 'remove versions in one request', harms: false, act: removeMany({}) },
  { what: 'remove a version past its lock', harms: false, act: remove(BYPASS) },
  { what: 'remove versions past their lock in one request', harms: false, act: removeMany(BYPASS) },
];

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
