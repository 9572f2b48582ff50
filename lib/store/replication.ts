import type { ReplicationRule } from '@aws-sdk/client-s3';
import { partitionOf } from '../aws/partition.ts';
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
  async read({ sdk, client, signal }, Bucket) {
    const got = await client.send(new sdk.GetBucketReplicationCommand({ Bucket }), { abortSignal: signal });
    const { Role = 'nobody', Rules = [] } = got.ReplicationConfiguration ?? {};
    const rule = Rules.find(({ ID: id, Status }) => id === ID && Status === 'Enabled');
    if (!rule) return NOTHING;
    const { Bucket: to = 'nowhere', EncryptionConfiguration } = rule.Destination ?? {};
    return words(Role, to, EncryptionConfiguration?.ReplicaKmsKeyID, rule.DeleteMarkerReplication?.Status);
  },
  write({ sdk, client, signal }, Bucket) {
    const rule: ReplicationRule = {
      ID,
      Status: 'Enabled',
      Priority: 1,
      Filter: { Prefix: '' },
      DeleteMarkerReplication: { Status: 'Disabled' },
      // Without it S3 leaves out what a key of KMS encrypts, and says nothing.
      ...(kmsKey !== undefined && { SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } } }),
      Destination: {
        Bucket: arnOf(bucket, role),
        ...(kmsKey !== undefined && { EncryptionConfiguration: { ReplicaKmsKeyID: kmsKey } }),
      },
    };
    const input = { Bucket, ReplicationConfiguration: { Role: role, Rules: [rule] } };
    return client.send(new sdk.PutBucketReplicationCommand(input), { abortSignal: signal });
  },
});

const words = (role: string, to: string, key: string | undefined, markers: string | undefined) =>
  `to ${to} as ${role}${key === undefined ? '' : `, by ${key}`}, removals ${markers === 'Enabled' ? 'too' : 'not'}`;
