import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ObjectStore, StoredObject } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { StoreAccess } from './access.ts';
import { type Connection, connectStore, type StoreEnv, type Wire } from './connection.ts';
import { failureOf, mustBe } from './failure.ts';
import { listObjects, removeObjects, stored } from './listing.ts';
import { at, getObject, isAbsent, streamObject } from './reading.ts';

/** Opens nothing yet. Objects go in one request each: S3 wants parts only above 5 GiB, and refuses those itself. */
export const openStore = (access: StoreAccess, env: StoreEnv): ObjectStore => storeOn(connectStore(access, env));

export function storeOn(connection: Connection): ObjectStore {
  const { bucket } = connection;
  return {
    bucket,
    head: (key, versionId) => headObject(connection, key, versionId),
    get: (key, versionId) => getObject(connection, key, versionId),
    stream: (key, versionId) => streamObject(connection, key, versionId),
    put: (key, body, options) => putObject(connection, key, body, options?.ifAbsent ?? false),
    async copy(from, key) {
      const what = `copy ${from.bucket}/${from.key} to ${bucket}/${key}`;
      const path = [from.bucket, ...from.key.split('/')].map(encodeURIComponent).join('/');
      const version = from.versionId === undefined ? '' : `?versionId=${from.versionId}`;
      const { VersionId } = await connection.call(what, async ({ sdk, client, signal }) => {
        const command = new sdk.CopyObjectCommand({ Bucket: bucket, Key: key, CopySource: path + version });
        const got = await client.send(command, { abortSignal: signal });
        mustBe('copy', got.CopyObjectResult?.ETag !== undefined);
        return got;
      });
      return written(connection, key, VersionId, what);
    },
    list: prefix => listObjects(connection, prefix),
    remove: keys => removeObjects(connection, keys),
    close: connection.close,
  };
}

async function headObject(connection: Connection, key: string, versionId?: string): Promise<StoredObject | undefined> {
  const { bucket } = connection;
  const what = `look at ${bucket}/${key}`;
  try {
    const head = await connection.call(what, ({ sdk, client, signal }) =>
      client.send(new sdk.HeadObjectCommand(at(bucket, key, versionId)), { abortSignal: signal }),
    );
    return stored(key, { ...head, Size: head.ContentLength });
  } catch (error) {
    if (!isAbsent(error)) throw error;
    // The answer to a HEAD has no body, so that a missing bucket looks the same.
    await connection.call(what, ({ sdk, client, signal }) =>
      client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal }),
    );
    return undefined;
  }
}

async function putObject(
  connection: Connection,
  key: string,
  body: string | Uint8Array | { file: string },
  ifAbsent: boolean,
): Promise<StoredObject> {
  const { bucket } = connection;
  const what = `write ${bucket}/${key}`;
  const inFile = typeof body === 'object' && 'file' in body;
  const size = inFile ? (await stat(body.file)).size : Buffer.byteLength(body);
  // A bucket with object lock takes nothing without one; given, it travels in a header, not in a trailer.
  const ChecksumSHA256 = await sha256Of(body);
  const send = ({ sdk, client, signal }: Wire) =>
    client.send(
      new sdk.PutObjectCommand({
        ...at(bucket, key),
        Body: inFile ? createReadStream(body.file) : body,
        ContentLength: size,
        ChecksumAlgorithm: 'SHA256',
        ChecksumSHA256,
        ...(ifAbsent && { IfNoneMatch: '*' }),
      }),
      { abortSignal: signal },
    );
  // When it must be new, again only if it was said that nothing was written (503, or 409: another one is being written):
  // after a lost answer, a second attempt would meet its own object and call it another's.
  const { VersionId } = await (ifAbsent ? connection.whenFree(what, send) : connection.call(what, send)).catch(
    error => {
      const { status } = failureOf(error instanceof Error ? error.cause : error);
      if (ifAbsent && status === 412)
        throw new OpsError('STORE_EXISTS', `cannot ${what}: there is one already`, { cause: error });
      throw error;
    },
  );
  const object = await written(connection, key, VersionId, what);
  if (ifAbsent) await refuseCrossed(connection, object, what);
  if (object.size === size) return object;
  throw new OpsError('STORE_UNREACHABLE', `cannot ${what}: ${size} bytes were sent, and ${object.size} are there`);
}

/** Of two that were both let in only the one that stayed has written. Errors: STORE_EXISTS. */
async function refuseCrossed(connection: Connection, ours: StoredObject, what: string): Promise<void> {
  await connection.settle();
  const now = await headObject(connection, ours.key);
  if (now && now.versionId === ours.versionId && now.etag === ours.etag) return;
  throw new OpsError('STORE_EXISTS', `cannot ${what}: another one was written at the same moment, and stayed`);
}

async function sha256Of(body: string | Uint8Array | { file: string }): Promise<string> {
  const hash = createHash('sha256');
  if (typeof body === 'object' && 'file' in body)
    for await (const chunk of createReadStream(body.file)) hash.update(chunk as Uint8Array);
  else hash.update(body);
  return hash.digest('base64');
}

/** The effect, not the answer. */
async function written(
  connection: Connection,
  key: string,
  versionId: string | undefined,
  what: string,
): Promise<StoredObject> {
  const object = await headObject(connection, key, versionId);
  if (object) return object;
  throw new OpsError('STORE_UNREACHABLE', `cannot ${what}: it was accepted, and is not there`);
}
