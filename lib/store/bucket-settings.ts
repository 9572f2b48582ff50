import { lifecycleRule } from './lifecycle.ts';
import type { BucketPolicy } from './policy.ts';
import { type LockMode, objectLock, policyRule, tlsOnly } from './protection.ts';
import { type ReplicationWant, replicationRule } from './replication.ts';
import { NOTHING, type Rule } from './rule.ts';
import { type BucketTags, taggingRule } from './tagging.ts';

const versioning: Rule = {
  name: 'versioning',
  want: 'Enabled',
  async read({ sdk, client, signal }, Bucket) {
    const { Status } = await client.send(new sdk.GetBucketVersioningCommand({ Bucket }), { abortSignal: signal });
    return Status ?? NOTHING;
  },
  write({ sdk, client, signal }, Bucket) {
    const input = { Bucket, VersioningConfiguration: { Status: 'Enabled' } } as const;
    return client.send(new sdk.PutBucketVersioningCommand(input), { abortSignal: signal });
  },
};

/** Access lists are off: whoever writes an object cannot give it away. */
const ownership: Rule = {
  name: 'ownership',
  want: 'BucketOwnerEnforced',
  async read({ sdk, client, signal }, Bucket) {
    const got = await client.send(new sdk.GetBucketOwnershipControlsCommand({ Bucket }), { abortSignal: signal });
    return got.OwnershipControls?.Rules?.[0]?.ObjectOwnership ?? NOTHING;
  },
  write({ sdk, client, signal }, Bucket) {
    const input = { Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' } as const] } };
    return client.send(new sdk.PutBucketOwnershipControlsCommand(input), { abortSignal: signal });
  },
};

const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'] as const;

const publicAccess: Rule = {
  name: 'public-access',
  want: BLOCKS.join(', '),
  async read({ sdk, client, signal }, Bucket) {
    const got = await client.send(new sdk.GetPublicAccessBlockCommand({ Bucket }), { abortSignal: signal });
    return BLOCKS.filter(name => got.PublicAccessBlockConfiguration?.[name]).join(', ') || NOTHING;
  },
  write({ sdk, client, signal }, Bucket) {
    const all = Object.fromEntries(BLOCKS.map(name => [name, true]));
    const input = { Bucket, PublicAccessBlockConfiguration: all };
    return client.send(new sdk.PutPublicAccessBlockCommand(input), { abortSignal: signal });
  },
};

/** @param key of KMS: its ARN; absent: the keys of S3 itself. */
const encryption = (key: string | undefined): Rule => ({
  name: 'encryption',
  want: key === undefined ? 'AES256' : `aws:kms ${key}, bucket key`,
  // More than what is wanted is fine, another key is not.
  holds: got => (key === undefined ? /^(AES256|aws:kms)/.test(got) : got === `aws:kms ${key}, bucket key`),
  async read({ sdk, client, signal }, Bucket) {
    const got = await client.send(new sdk.GetBucketEncryptionCommand({ Bucket }), { abortSignal: signal });
    const [rule] = got.ServerSideEncryptionConfiguration?.Rules ?? [];
    const { SSEAlgorithm, KMSMasterKeyID } = rule?.ApplyServerSideEncryptionByDefault ?? {};
    if (SSEAlgorithm === undefined) return NOTHING;
    return [
      SSEAlgorithm,
      ...(KMSMasterKeyID === undefined ? [] : [` ${KMSMasterKeyID}`]),
      ...(SSEAlgorithm !== 'AES256' && rule?.BucketKeyEnabled ? [', bucket key'] : []),
    ].join('');
  },
  write({ sdk, client, signal }, Bucket) {
    const by =
      key === undefined
        ? { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } as const }
        : {
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key } as const,
            // Without it every object costs a request to KMS.
            BucketKeyEnabled: true,
          };
    const input = { Bucket, ServerSideEncryptionConfiguration: { Rules: [by] } };
    return client.send(new sdk.PutBucketEncryptionCommand(input), { abortSignal: signal });
  },
});

export interface BucketWant {
  /** Who may do what; absent: not muster's matter. */
  policy?: BucketPolicy;
  /** Days that a version stays which was replaced or removed. */
  history?: number;
  /** Days for which nobody of a site can remove a version. */
  lock?: number;
  /** Absent: GOVERNANCE. */
  lockMode?: LockMode;
  /** ARN of a key of KMS. */
  kmsKey?: string;
  /** Absent: not muster's matter. */
  replication?: ReplicationWant;
  /** Absent: not muster's matter. */
  tags?: BucketTags;
  /** The endpoint honours conditions of a policy. */
  conditions?: boolean;
}

const HISTORY = 30;

/** The order matters: versions are kept before anything is written. */
export const rulesOf = (
  { policy, history = HISTORY, lock, lockMode, kmsKey, replication, tags, conditions }: BucketWant,
  region: string,
): Rule[] => [
  versioning,
  ...(lock === undefined ? [] : [objectLock(lock, lockMode)]),
  ownership,
  publicAccess,
  encryption(kmsKey),
  lifecycleRule(history),
  ...(replication ? [replicationRule(replication)] : []),
  ...(tags ? [taggingRule(tags)] : []),
  ...(policy ? [policyRule(policy)] : []),
  ...(conditions ? [tlsOnly(region)] : []),
];
