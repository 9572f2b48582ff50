/** The access keys of a bucket's users. */
export interface Users {
  /** More than one while they are changed. */
  site: readonly string[];
  reader: readonly string[];
}

/** Its statements are muster's by their Sids; what others have beside them stays. */
export interface BucketPolicy {
  Version: string;
  Statement: readonly Required<Pick<Statement, 'Sid' | 'Effect' | 'Principal' | 'Action' | 'Resource'>>[];
}

export interface Statement {
  Sid?: string;
  Effect?: string;
  Principal?: unknown;
  Action?: string | readonly string[];
  Resource?: string | readonly string[];
  Condition?: { Bool?: Record<string, string> };
}

const READ = ['s3:GetObject', 's3:GetObjectVersion'];
const LIST = ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetBucketLocation'];
const WRITE = ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];

/**
 * The site adds, reads and hides; it erases no version and changes no setting. What is not allowed is denied.
 *
 * DeleteObject is given for objects, never for the bucket: versitygw 1.7.0 asks for exactly that when many are removed
 * in one request, and then lets the versions go that are named in it (s3api/controllers/bucket-post.go). Who may not
 * erase history therefore removes one object at a time. pgBackRest's expire removes many: it needs the admin's keys.
 */
export function bucketPolicy(bucket: string, { site, reader }: Users): BucketPolicy {
  // Of servers that are not AWS, which know one partition: on AWS rights are of roles (./roles.ts).
  const objects = `arn:aws:s3:::${bucket}/*`;
  const whole = `arn:aws:s3:::${bucket}`;
  const allow = (Sid: string, who: readonly string[], Action: string[], Resource: string) => ({
    Sid: `Muster${Sid}`,
    Effect: 'Allow',
    Principal: { AWS: who },
    Action,
    Resource: [Resource],
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow('SiteObjects', site, [...READ, ...WRITE], objects),
      allow('SiteBucket', site, [...LIST, 's3:ListBucketMultipartUploads'], whole),
      allow('ReaderObjects', reader, READ, objects),
      allow('ReaderBucket', reader, LIST, whole),
    ],
  };
}
