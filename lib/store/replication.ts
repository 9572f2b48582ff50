import type { ReplicationConfiguration, ReplicationRule } from '@aws-sdk/client-s3';
import { partitionOf } from '../aws/partition.ts';
import { OpsError } from '../errors/index.ts';
import type { Wire } from './connection.ts';
import { ifMade } from './failure.ts';
import { NOTHING, type Rule } from './rule.ts';

export interface ReplicationWant {
  /** ARN of the role as which S3 copies. */
  role: string;
  /** The bucket that gets the copies. */
  bucket: string;
  /** ARN of the key of KMS that encrypts them; absent: the keys of S3 itself. */
  kmsKey?: string;
}

const ID = 'muster-replica';
/** Of the cloud in which the role is: none copies into another. */
const arnOf = (bucket: string, role: string) => `arn:${partitionOf(role)}:s3:::${bucket}`;

/**
 * Of what is written from now on, and never of what is removed: whoever hides or erases in the store does so there only. What
 * S3 has copied, and how late, is in no setting: `audit.replica` looks at the replica itself.
 */
export const replicationRule = ({ role, bucket, kmsKey }: ReplicationWant): Rule => ({
  name: 'replication',
  want: words(role, arnOf(bucket, role), kmsKey, 'Disabled'),
  async read(wire, bucket) {
    const { Role = 'nobody', Rules = [] } = await replicationOf(wire, bucket);
    const rule = Rules.find(({ ID: id, Status }) => id === ID && Status === 'Enabled');
    if (!rule) return NOTHING;
    const { Bucket: to = 'nowhere', EncryptionConfiguration } = rule.Destination ?? {};
    return words(Role, to, EncryptionConfiguration?.ReplicaKmsKeyID, rule.DeleteMarkerReplication?.Status);
  },
  async write(wire, Bucket) {
    const { sdk, client, signal } = wire;
    // A write replaces them all.
    const others = await othersOf(wire, Bucket, role);
    const rule: ReplicationRule = {
      ID,
      Status: 'Enabled',
      // No two rules have the same.
      Priority: 1 + Math.max(0, ...others.map(({ Priority = 0 }) => Priority)),
      Filter: { Prefix: '' },
      DeleteMarkerReplication: { Status: 'Disabled' },
      // Without it S3 leaves out what a key of KMS encrypts, and says nothing.
      ...(kmsKey !== undefined && { SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } } }),
      Destination: {
        Bucket: arnOf(bucket, role),
        ...(kmsKey !== undefined && { EncryptionConfiguration: { ReplicaKmsKeyID: kmsKey } }),
      },
    };
    const input = { Bucket, ReplicationConfiguration: { Role: role, Rules: [...others, rule] } };
    return client.send(new sdk.PutBucketReplicationCommand(input), { abortSignal: signal });
  },
});

async function replicationOf(
  { sdk, client, signal }: Wire,
  Bucket: string,
): Promise<Partial<ReplicationConfiguration>> {
  const got = await client.send(new sdk.GetBucketReplicationCommand({ Bucket }), { abortSignal: signal });
  return got.ReplicationConfiguration ?? {};
}

/** Errors: STORE_UNSAFE: a bucket has one role, and under ours theirs might copy nothing any more. */
async function othersOf(wire: Wire, bucket: string, role: string): Promise<ReplicationRule[]> {
  const { Role, Rules = [] } = (await ifMade(replicationOf(wire, bucket))) ?? {};
  const others = Rules.filter(rule => rule.ID !== ID);
  if (others.length === 0 || Role === role) return others;
  const theirs = others.map(rule => rule.ID ?? 'without a name').join(', ');
  throw new OpsError(
    'STORE_UNSAFE',
    `cannot replicate the bucket ${bucket}: got rules of others (${theirs}) as ${Role}, expected ${role}`,
    {
      hint: 'a bucket has one role: give theirs to backup.store.replica, with the rights to both, or take their rules out',
    },
  );
}

const words = (role: string, to: string, key: string | undefined, markers: string | undefined) =>
  `to ${to} as ${role}${key === undefined ? '' : `, by ${key}`}, removals ${markers === 'Enabled' ? 'too' : 'not'}`;
