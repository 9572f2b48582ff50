import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ObjectStore, StoredObject } from '../../lib/engine/index.ts';
import { OpsError } from '../../lib/errors/index.ts';

interface Version {
  /** undefined: a delete marker. */
  bytes: Uint8Array | undefined;
  versionId: string;
  modified: string;
}

/** The buckets of one endpoint, in memory, as the interface ObjectStore promises them. */
export interface MemoryEndpoint {
  bucket(name: string): ObjectStore;
  /** Bytes of an object now, for a test's own eyes. */
  peek(bucket: string, key: string): Uint8Array | undefined;
  /** While true, nothing answers. A number: so many more calls are answered. */
  away: boolean | number;
  /** Every call, as 'head sets/x'. */
  calls: string[];
}

/** @param versions false: the bucket keeps no versions, and says none. */
export function memoryEndpoint({ versions = true } = {}): MemoryEndpoint {
  const buckets = new Map<string, Map<string, Version[]>>();
  let n = 0;
  const objects = (name: string) => {
    const found = buckets.get(name) ?? new Map<string, Version[]>();
    buckets.set(name, found);
    return found;
  };
  const find = (name: string, key: string, versionId?: string): Version | undefined => {
    const all = objects(name).get(key) ?? [];
    return versionId === undefined ? all.at(-1) : all.find(version => version.versionId === versionId);
  };
  const add = (name: string, key: string, bytes: Uint8Array | undefined): StoredObject => {
    const all = versions ? (objects(name).get(key) ?? []) : [];
    const version = { bytes, versionId: `v${++n}`, modified: new Date(n * 1000).toISOString() };
    objects(name).set(key, [...all, version]);
    return describe(key, version, versions);
  };
  const endpoint: MemoryEndpoint = {
    away: false,
    calls: [],
    peek: (name, key) => find(name, key)?.bytes,
    bucket: name => ({
      bucket: name,
      async head(key, versionId) {
        answer(endpoint, `head ${key}`);
        const found = find(name, key, versionId);
        return found?.bytes && describe(key, found, versions);
      },
      async get(key, versionId) {
        answer(endpoint, `get ${key}`);
        return find(name, key, versionId)?.bytes;
      },
      async stream(key, versionId) {
        answer(endpoint, `stream ${key}`);
        const bytes = find(name, key, versionId)?.bytes;
        return bytes && inPieces(bytes);
      },
      async put(key, body, { ifAbsent = false } = {}) {
        answer(endpoint, `put ${key}`);
        if (ifAbsent && find(name, key)?.bytes)
          throw new OpsError('STORE_EXISTS', `cannot put ${key}: it is there already`);
        return add(name, key, await bytesOf(body));
      },
      async copy(from, key) {
        answer(endpoint, `copy ${key}`);
        const bytes = find(from.bucket, from.key, from.versionId)?.bytes;
        if (!bytes) throw new OpsError('STORE_REFUSED', `cannot copy ${from.key}: NoSuchKey`);
        return add(name, key, bytes);
      },
      async list(prefix) {
        answer(endpoint, `list ${prefix}`);
        return [...objects(name)]
          .filter(([key]) => key.startsWith(prefix))
          .flatMap(([key, all]) => {
            const last = all.at(-1);
            return last?.bytes ? [describe(key, last, versions)] : [];
          })
          .sort((a, b) => (a.key < b.key ? -1 : 1));
      },
      async remove(keys) {
        answer(endpoint, `remove ${keys.length}`);
        for (const key of keys) if (find(name, key)?.bytes) add(name, key, undefined);
      },
      close() {},
    }),
  };
  return endpoint;
}

function answer(endpoint: MemoryEndpoint, call: string): void {
  if (endpoint.away === true || endpoint.away === 0)
    throw new OpsError('STORE_UNREACHABLE', 'cannot reach the store: connection refused');
  if (typeof endpoint.away === 'number') endpoint.away--;
  endpoint.calls.push(call);
}

const describe = (key: string, { bytes, versionId, modified }: Version, versions: boolean): StoredObject => ({
  key,
  size: bytes?.length ?? 0,
  ...(versions && { versionId }),
  etag: createHash('md5')
    .update(bytes ?? '')
    .digest('hex'),
  modified,
});

/** More than one, so that whoever hashes only the first chunk is found out. */
async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

async function bytesOf(body: string | Uint8Array | { file: string }): Promise<Uint8Array> {
  if (typeof body === 'string') return Buffer.from(body);
  return 'file' in body ? readFile(body.file) : Uint8Array.from(body);
}
