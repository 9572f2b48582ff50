import { partition } from '../aws/partition.ts';
import type { Role } from './access.ts';

const allow = (Sid: string, Action: readonly string[], Resource: readonly string[]) => ({
  ...{ Sid, Effect: 'Allow', Action, Resource },
});
const deny = (Sid: string, Action: readonly string[], Resource: readonly string[]) => ({
  ...{ Sid, Effect: 'Deny', Action, Resource },
});

const READ = ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention'];
const LIST = ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetBucketLocation'];

/** Denied whatever else a role is given some day. */
const NEVER_OF_SITE = [
  's3:DeleteObjectVersion',
  's3:BypassGovernanceRetention',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
  's3:PutLifecycleConfiguration',
  's3:PutBucketVersioning',
  's3:PutBucketObjectLockConfiguration',
  's3:PutBucketPolicy',
  's3:DeleteBucketPolicy',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketOwnershipControls',
  's3:PutBucketAcl',
  's3:PutObjectAcl',
  's3:PutEncryptionConfiguration',
  's3:PutReplicationConfiguration',
  's3:PutBucketTagging',
  's3:DeleteBucket',
];

const NEVER_OF_READER = [...NEVER_OF_SITE, 's3:PutObject', 's3:DeleteObject'];

/** Those that have a policy of IAM. */
export const ROLES_OF_AWS = ['site', 'reader', 'admin'] as const satisfies readonly Role[];

interface Place {
  bucket: string;
  region: string;
  /** ARN of the key that encrypts the bucket: without a right to it an object can be listed, and not be read. */
  kmsKey?: string | undefined;
}

/**
 * IAM's policy for each role, for a user or role of its own in AWS. The site adds, reads and hides; what it hides comes back
 * with the admin's help, since its versions stay. The admin's keys belong to nobody's machine.
 */
export function rolePolicies({ bucket, region, kmsKey }: Place): Record<(typeof ROLES_OF_AWS)[number], object> {
  const key = (...actions: string[]) =>
    kmsKey === undefined ? [] : [allow('Key', ['kms:Decrypt', ...actions].sort(), [kmsKey])];
  const whole = [`arn:${partition(region)}:s3:::${bucket}`];
  const objects = [`${whole}/*`];
  const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
  return {
    site: policy(
      allow(
        'Objects',
        [...READ, 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        objects,
      ),
      allow('Bucket', [...LIST, 's3:ListBucketMultipartUploads'], whole),
      // Parts of an upload are put together by reading them: that takes Decrypt too.
      ...key('kms:GenerateDataKey'),
      deny('History', NEVER_OF_SITE, [...whole, ...objects]),
    ),
    reader: policy(
      allow('Objects', READ, objects),
      allow('Bucket', LIST, whole),
      ...key(),
      deny('History', NEVER_OF_READER, [...whole, ...objects]),
    ),
    // With its scratch buckets: a self-test makes and removes one.
    admin: policy(
      allow('Owner', ['s3:*'], [...whole, ...objects, `${whole}-selftest`, `${whole}-selftest/*`]),
      ...key('kms:GenerateDataKey'),
    ),
  };
}
