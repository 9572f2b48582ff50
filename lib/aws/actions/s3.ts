/**
 * S3's part of the table: each request that lib/store makes, by the name of its command, and the right that it takes, which
 * IAM calls otherwise. They are the rights of the owner of the bucket; a site and a reader have fewer (lib/store/roles.ts).
 */
interface S3Right {
  command: string;
  action: string;
  kind: 'read' | 'write';
  why: string;
}

const read = (command: string, action: string, why: string): S3Right => ({
  ...{ command, action: `s3:${action}`, kind: 'read' as const, why },
});
const write = (command: string, action: string, why: string): S3Right => ({
  ...{ command, action: `s3:${action}`, kind: 'write' as const, why },
});

export const S3_RIGHTS: readonly S3Right[] = [
  read('HeadBucket', 'ListBucket', 'to see whether the bucket is there'),
  read('ListObjectsV2', 'ListBucket', 'to list sets and what belongs to them'),
  read('ListObjectVersions', 'ListBucketVersions', 'to remove a scratch bucket with its history'),
  read('GetObject', 'GetObject', 'to read backups back'),
  read('GetObject', 'GetObjectVersion', 'to read what was sealed, also when it was written over'),
  read('HeadObject', 'GetObject', 'to see that an object is there'),
  read('GetBucketVersioning', 'GetBucketVersioning', 'to read the setting back'),
  read('GetObjectLockConfiguration', 'GetBucketObjectLockConfiguration', 'to read the setting back'),
  read('GetBucketOwnershipControls', 'GetBucketOwnershipControls', 'to read the setting back'),
  read('GetPublicAccessBlock', 'GetBucketPublicAccessBlock', 'to read the setting back'),
  read('GetBucketEncryption', 'GetEncryptionConfiguration', 'to read the setting back'),
  read('GetBucketLifecycleConfiguration', 'GetLifecycleConfiguration', 'to read the setting back'),
  read('GetBucketPolicy', 'GetBucketPolicy', 'to read the setting back'),
  read('GetBucketReplication', 'GetReplicationConfiguration', 'to read the setting back'),
  read('GetBucketTagging', 'GetBucketTagging', 'to read the setting back'),
  write('CreateBucket', 'CreateBucket', 'makes the bucket of the backups'),
  write('CreateBucket', 'PutBucketObjectLockConfiguration', 'makes it with object lock, when the inventory asks'),
  write('PutBucketVersioning', 'PutBucketVersioning', 'keeps what is written over or removed'),
  write('PutObjectLockConfiguration', 'PutBucketObjectLockConfiguration', 'keeps it from everybody of a site'),
  write('PutBucketOwnershipControls', 'PutBucketOwnershipControls', 'turns access lists off'),
  write('PutPublicAccessBlock', 'PutBucketPublicAccessBlock', 'keeps it from the world'),
  write('PutBucketEncryption', 'PutEncryptionConfiguration', 'encrypts what is written'),
  write('PutBucketLifecycleConfiguration', 'PutLifecycleConfiguration', 'lets old versions and unfinished uploads go'),
  write('PutBucketReplication', 'PutReplicationConfiguration', 'has S3 copy what is written into another region'),
  write('PutBucketTagging', 'PutBucketTagging', 'says whose it is, for the bill'),
  write('PutBucketPolicy', 'PutBucketPolicy', 'refuses what comes without TLS'),
  write('PutObject', 'PutObject', 'writes backups and the lease'),
  write('CopyObject', 'PutObject', 'copies a set into a scratch bucket'),
  write('DeleteObject', 'DeleteObject', 'hides what has expired'),
  write('DeleteObjects', 'DeleteObjectVersion', 'removes the history of a scratch bucket'),
  write('DeleteBucket', 'DeleteBucket', 'removes a scratch bucket'),
];

/** Once each, as the table wants them. */
export const S3_ACTIONS = [...new Map(S3_RIGHTS.map(({ command: _, ...right }) => [right.action, right])).values()];
