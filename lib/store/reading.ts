import type { Readable } from 'node:stream';
import { isOpsError, OpsError } from '../errors/index.ts';
import type { Connection, Wire } from './connection.ts';
import { failureOf, mustBe } from './failure.ts';

/** How often one object may break off: a way that breaks more often brings nothing to its end. */
const CUTS = 16;

interface Wanted {
  connection: Connection;
  key: string;
  versionId: string | undefined;
  /** Of the connection: what opens it, and what goes on with it. */
  call: Connection['call'];
}

interface Body {
  chunks: Readable;
  /** As it was announced, of the whole object. */
  length: number;
  etag: string | undefined;
}

export const at = (bucket: string, key: string, versionId?: string) => ({
  Bucket: bucket,
  Key: key,
  ...(versionId !== undefined && { VersionId: versionId }),
});

/** The server says that it has no such object or version (405: the version is a delete marker). A missing bucket is no missing object. */
export const isAbsent = (error: unknown): boolean => {
  if (!isOpsError(error, 'STORE_REFUSED')) return false;
  const { status, name } = failureOf(error.cause);
  return (status === 404 && name !== 'NoSuchBucket') || status === 405;
};

const whatOf = ({ connection, key }: Wanted) => `read ${connection.bucket}/${key}`;

/** undefined: there is none. Every byte that was announced, or STORE_UNREACHABLE. */
export async function streamObject(connection: Connection, key: string, versionId?: string) {
  const wanted = { connection, key, versionId, call: connection.call };
  const body = await openObject(wanted);
  return body && readBody(wanted, body);
}

export async function getObject(connection: Connection, key: string, versionId?: string) {
  const wanted = { connection, key, versionId, call: connection.once };
  // Its body is part of what is tried again: to a caller with nothing in hand, a cut one is no answer.
  return connection.call(whatOf(wanted), async () => {
    const body = await openObject(wanted);
    return body && Buffer.concat(await Array.fromAsync(readBody(wanted, body)));
  });
}

async function openObject(wanted: Wanted): Promise<Body | undefined> {
  try {
    return await wanted.call(whatOf(wanted), async wire => {
      const { chunks, ContentLength: length, etag } = await ask(wanted, wire);
      if (length === undefined) chunks.destroy();
      // Without it nobody can tell where it ends.
      mustBe('object whose length is known', length !== undefined);
      return { chunks, length: length ?? 0, etag };
    });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

async function ask({ connection, key, versionId }: Wanted, { sdk, client, signal }: Wire, more: object = {}) {
  const command = new sdk.GetObjectCommand({ ...at(connection.bucket, key, versionId), ...more });
  const { Body, ContentLength, ContentRange, ETag } = await client.send(command, { abortSignal: signal });
  // Of Node's client it is an IncomingMessage; the SDK's type names the browser's streams too.
  return { chunks: Body as unknown as Readable, ContentLength, ContentRange, etag: ETag };
}

/** Where it breaks off it goes on: what a reader has taken is not sent again. */
async function* readBody(wanted: Wanted, body: Body): AsyncGenerator<Uint8Array> {
  const { length } = body;
  let { chunks } = body;
  for (let got = 0, cuts = 1; ; cuts++) {
    let fault: unknown;
    try {
      for await (const chunk of chunks) {
        got += chunk.length;
        yield chunk;
      }
    } catch (cause) {
      fault = wanted.connection.fault(whatOf(wanted), cause);
    }
    if (fault === undefined && got === length) return;
    fault ??= unreachable(wanted, `it was cut off after ${got} of ${length} bytes`);
    const rest = cuts < CUTS ? await goOn(wanted, body, got) : undefined;
    if (!rest) throw fault;
    chunks = rest;
  }
}

const unreachable = (wanted: Wanted, why: string, cause?: unknown) =>
  new OpsError('STORE_UNREACHABLE', `cannot ${whatOf(wanted)}: ${why}`, { cause });

/** From there on, of the very object that was begun. undefined: the endpoint does not say that it is this, or gives no parts. */
async function goOn(wanted: Wanted, { length, etag }: Body, from: number) {
  if (from >= length || etag === undefined) return undefined;
  const range = { Range: `bytes=${from}-`, IfMatch: etag };
  try {
    const { chunks, ContentRange } = await wanted.call(whatOf(wanted), wire => ask(wanted, wire, range));
    if (ContentRange === `bytes ${from}-${length - 1}/${length}`) return chunks;
    chunks.destroy();
    return undefined;
  } catch (error) {
    const replaced = isAbsent(error) || (isOpsError(error) && failureOf(error.cause ?? {}).status === 412);
    if (!replaced) throw error;
    throw unreachable(wanted, `after ${from} of ${length} bytes it was replaced, or removed`, error);
  }
}
