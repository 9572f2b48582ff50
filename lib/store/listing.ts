import type { StoredObject } from '../engine/index.ts';
import { isOpsError, OpsError } from '../errors/index.ts';
import type { Connection } from './connection.ts';
import { mustBe } from './failure.ts';

interface Described {
  Size?: number | undefined;
  VersionId?: string | undefined;
  ETag?: string | undefined;
  LastModified?: Date | undefined;
  SSEKMSKeyId?: string | undefined;
}

/** 'null' is the version of a bucket that has none. */
export function stored(key: string, { Size, VersionId, ETag, LastModified, SSEKMSKeyId }: Described): StoredObject {
  return {
    key,
    size: Size ?? 0,
    ...(VersionId && VersionId !== 'null' && { versionId: VersionId }),
    ...(ETag && { etag: ETag }),
    ...(SSEKMSKeyId && { kmsKey: SSEKMSKeyId }),
    modified: (LastModified ?? new Date(0)).toISOString(),
  };
}

/** What is there now. Not by its versions: versitygw 1.7.0 leaves keys out where a page of versions ends. */
export async function listObjects({ bucket, call }: Connection, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  let token: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: prefix, ...(token !== undefined && { ContinuationToken: token }) };
    const page = await call(`list ${bucket}/${prefix}`, async ({ sdk, client, signal }) => {
      const got = await client.send(new sdk.ListObjectsV2Command(input), { abortSignal: signal });
      mustBe('list of this bucket', got.Name === bucket);
      return got;
    });
    for (const { Key = '', ...described } of page.Contents ?? []) objects.push(stored(Key, described));
    if (page.IsTruncated && (page.NextContinuationToken ?? token) === token)
      throw new OpsError('STORE_UNREACHABLE', `cannot list ${bucket}/${prefix}: it gives the same page again`);
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
  return objects.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** S3's most in one request. */
const BATCH = 1000;
/** Requests at once. */
const ABREAST = 16;

/**
 * One request a key: versitygw lets nobody remove many at once who may not erase versions (policy.ts says why).
 * Errors: STORE_REFUSED with every key that is still there.
 */
export async function removeObjects({ bucket, call }: Connection, keys: readonly string[]): Promise<void> {
  const left = [...keys];
  const failed: string[] = [];
  const worker = async () => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      const Key = key;
      await call(`remove ${bucket}/${Key}`, ({ sdk, client, signal }) =>
        client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key }), { abortSignal: signal }),
      ).catch(error => {
        if (!isOpsError(error, 'STORE_REFUSED')) throw error;
        failed.push(error.message);
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(ABREAST, keys.length) }, worker));
  refuseLeft(bucket, failed.sort(), keys.length);
}

/**
 * Every version and marker below a prefix, for good. Errors: STORE_REFUSED with every version that is still there: the
 * request as a whole is answered with 200.
 */
export async function eraseBelow({ bucket, call }: Connection, prefix: string): Promise<void> {
  let before = '';
  while (true) {
    // The first page each time, since what it named is gone.
    const page = await versionsPage({ bucket, call }, { Prefix: prefix, MaxKeys: BATCH });
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    if (Objects.length === 0) return;
    const seen = JSON.stringify(Objects);
    if (seen === before)
      refuseLeft(
        bucket,
        Objects.map(({ Key }) => `${Key}: removed, and still listed`),
        Objects.length,
      );
    before = seen;
    await eraseThese({ bucket, call }, Objects);
  }
}

interface PageOf {
  Prefix: string;
  MaxKeys?: number;
  KeyMarker?: string;
  VersionIdMarker?: string;
}

export function versionsPage({ bucket, call }: Pick<Connection, 'bucket' | 'call'>, of: PageOf) {
  return call(`list the versions of ${bucket}/${of.Prefix}`, async ({ sdk, client, signal }) => {
    const command = new sdk.ListObjectVersionsCommand({ Bucket: bucket, ...of });
    const got = await client.send(command, { abortSignal: signal });
    mustBe('list of this bucket', got.Name === bucket);
    return got;
  });
}

interface Named {
  Key: string | undefined;
  VersionId: string | undefined;
}

async function eraseThese(
  { bucket, call }: Pick<Connection, 'bucket' | 'call'>,
  Objects: readonly Named[],
): Promise<void> {
  const Delete = { Objects: [...Objects], Quiet: true };
  const { Errors = [] } = await call(`erase ${Objects.length} versions of ${bucket}`, ({ sdk, client, signal }) =>
    client.send(new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete }), { abortSignal: signal }),
  );
  const failed = Errors.map(({ Key, Code, Message }) => `${Key}: ${Code}: ${Message}`);
  refuseLeft(bucket, failed, Objects.length);
}

/** These versions, for good. Errors: STORE_REFUSED. */
export async function erase(
  connection: Connection,
  versions: readonly { key: string; versionId: string }[],
): Promise<void> {
  for (let at = 0; at < versions.length; at += BATCH) {
    const batch = versions.slice(at, at + BATCH);
    await eraseThese(
      connection,
      batch.map(({ key, versionId }) => ({ Key: key, VersionId: versionId })),
    );
  }
}

function refuseLeft(bucket: string, failed: readonly string[], of: number): void {
  if (failed.length === 0) return;
  throw new OpsError('STORE_REFUSED', `cannot remove ${failed.length} of ${of} objects of ${bucket}`, {
    details: failed,
  });
}
