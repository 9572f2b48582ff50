import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ObjectStore, StoredObject } from '../engine/index.ts';
import { isOpsError, OpsError } from '../errors/index.ts';
import type { StoreAccess } from './access.ts';
import { type Connection, connectStore, type StoreEnv, type Wire } from './connection.ts';
import { failureOf, mustBe } from './failure.ts';
import { listObjects, removeObjects, stored } from './listing.ts';

/** Opens nothing yet. Objects go in one request each: S3 wants parts only above 5 GiB, and refuses those itself. */
export const openStore = (access: StoreAccess, env: StoreEnv): ObjectStore => storeOn(connectStore(access, env));

export function storeOn(connection: Connection): ObjectStore {
  const { bucket } = connection;
  return {
    bucket,
    head: (key, versionId) => headObject(connection, key, versionId),
    get: (key, versionId) => getObject(connection, key, versionId),
    async stream(key, versionId) {
      const body = await openObject(connection, key, versionId, connection);
      return body && readBody(connection, body);
    },
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

const at = (bucket: string, key: string, versionId?: string) => ({
  Bucket: bucket,
  Key: key,
  ...(versionId !== undefined && { VersionId: versionId }),
});

/** The server says that it has no such object or version (405: the version is a delete marker). A missing bucket is no missing object. */
const isAbsent = (error: unknown): boolean => {
  if (!isOpsError(error, 'STORE_REFUSED')) return false;
  const { status, name } = failureOf(error.cause);
  return (status === 404 && name !== 'NoSuchBucket') || status === 405;
};

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

interface Body {
  what: string;
  chunks: AsyncIterable<Uint8Array>;
  /** What was announced; undefined: the server did not say. */
  length: number | undefined;
}

async function openObject(
  connection: Connection,
  key: string,
  versionId: string | undefined,
  { call }: Pick<Connection, 'call'>,
): Promise<Body | undefined> {
  const what = `read ${connection.bucket}/${key}`;
  const open = async ({ sdk, client, signal }: Wire): Promise<Body> => {
    const command = new sdk.GetObjectCommand(at(connection.bucket, key, versionId));
    const { Body: chunks, ContentLength } = await client.send(command, { abortSignal: signal });
    // Of Node's client it is an IncomingMessage; the SDK's type names the browser's streams too.
    return { what, chunks: chunks as unknown as AsyncIterable<Uint8Array>, length: ContentLength };
  };
  try {
    return await call(what, open);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Every byte that was announced, or STORE_UNREACHABLE. */
async function* readBody(connection: Connection, { what, chunks, length }: Body): AsyncGenerator<Uint8Array> {
  let got = 0;
  try {
    for await (const chunk of chunks) {
      got += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    throw connection.fault(what, cause);
  }
  if (length !== undefined && got !== length)
    throw new OpsError('STORE_UNREACHABLE', `cannot ${what}: it was cut off after ${got} of ${length} bytes`);
}

async function getObject(connection: Connection, key: string, versionId?: string): Promise<Uint8Array | undefined> {
  // The body is part of what is tried again: to a caller with nothing in hand, a cut one is no answer.
  return connection.call(`read ${connection.bucket}/${key}`, async () => {
    const body = await openObject(connection, key, versionId, { call: connection.once });
    return body && Buffer.concat(await Array.fromAsync(readBody(connection, body)));
  });
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
  // Once, when it must be new: after a lost answer, a second attempt would meet its own object and call it another's.
  const { VersionId } = await (ifAbsent ? connection.whenFree(what, send) : connection.call(what, send)).catch(
    error => {
      const { status } = failureOf(error instanceof Error ? error.cause : error);
      if (ifAbsent && (status === 412 || status === 409))
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
