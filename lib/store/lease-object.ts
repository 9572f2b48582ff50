import { z } from 'zod';
import { isOpsError, OpsError } from '../errors/index.ts';
import { type Duration, seconds } from '../time/index.ts';
import type { Connection, StoreEnv, Wire } from './connection.ts';
import { failureOf } from './failure.ts';
import { listVersions } from './history.ts';

const holder = z.object({
  id: z.string(),
  pid: z.int(),
  bootId: z.string(),
  startTime: z.string(),
  user: z.string(),
  verb: z.string(),
  since: z.string(),
  host: z.string(),
});

const leaseRecord = z.object({
  schema: z.literal(1),
  /** A lease that was given back is written over, not removed: not every endpoint removes under a condition. */
  state: z.enum(['held', 'free']),
  holder,
  /** The holder's pid namespace: a pid of another one says nothing here. */
  space: z.string(),
  ttl: z.number().positive(),
  /** Counts renewals: with the holder's id no two writes have the same bytes, and so none the same ETag. */
  n: z.int(),
});

export type LeaseRecord = z.infer<typeof leaseRecord>;

export interface SeenLease {
  record: LeaseRecord;
  etag: string;
  /** By the store's clock alone; undefined: it does not tell the time. */
  age: Duration | undefined;
  /** Somebody removed it: this is the version below the delete marker, and it counts as if nothing had happened. */
  hidden?: boolean;
}

/** The object of a lease, which is written under conditions only. Errors: STORE_*. */
export interface LeaseObject {
  readonly key: string;
  read(): Promise<SeenLease | undefined>;
  /** Connection.settle. */
  settle(): Promise<void>;
  /** Over what has this ETag, or where nothing is. Gives the new ETag; undefined: somebody else was there. */
  write(record: LeaseRecord, over: string | undefined): Promise<string | undefined>;
}

export const leaseObject = (connection: Connection, name: string, env: StoreEnv): LeaseObject => {
  const key = `.muster/lease/${name}.json`;
  const read = () => readLease(connection, key);
  const { settle } = connection;
  return { key, read, settle, write: (record, over) => writeLease(connection, { key, read }, record, over, env) };
};

/** Errors: STORE_*. */
async function readLease(connection: Connection, key: string): Promise<SeenLease | undefined> {
  const seen = await readVersion(connection, key);
  if (seen) return seen;
  const below = await versionBelow(connection, key);
  const hidden = below === undefined ? undefined : await readVersion(connection, key, below);
  return hidden && { ...hidden, hidden: true };
}

/** Whoever removes a lease takes it from nobody: a holder that lives would go on, and another would begin beside it. */
async function versionBelow(connection: Connection, key: string): Promise<string | undefined> {
  try {
    const all = await listVersions(connection, key);
    return all.find(version => version.key === key && !version.marker)?.versionId;
  } catch (error) {
    // Endpoints without versions, and keys that may not list them.
    if (isOpsError(error, 'STORE_REFUSED')) return undefined;
    throw error;
  }
}

async function readVersion({ bucket, call }: Connection, key: string, VersionId?: string) {
  const what = `read the lease ${bucket}/${key}`;
  try {
    return await call(what, async ({ sdk, client, signal }): Promise<SeenLease> => {
      const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key, ...(VersionId && { VersionId }) });
      let date: string | undefined;
      command.middlewareStack.add(
        next => async args => {
          const result = await next(args);
          date = (result.response as { headers?: Record<string, string> } | undefined)?.headers?.date;
          return result;
        },
        { step: 'deserialize' },
      );
      const { Body, ETag, LastModified } = await client.send(command, { abortSignal: signal });
      const record = parsed(what, await Body?.transformToString());
      const age = date && LastModified ? Date.parse(date) - LastModified.getTime() : undefined;
      return { record, etag: ETag ?? '', age };
    });
  } catch (error) {
    const { status, name } = statusOf(error);
    if (status === 404 && name !== 'NoSuchBucket') return undefined;
    throw error;
  }
}

function parsed(what: string, text = ''): LeaseRecord {
  try {
    return leaseRecord.parse(JSON.parse(text));
  } catch (cause) {
    throw new OpsError('STORE_UNSAFE', `cannot ${what}: it is none`, {
      cause,
      hint: 'find out who wrote it; when nobody runs, remove the object and run again',
    });
  }
}

const statusOf = (error: unknown) => failureOf(isOpsError(error, 'STORE_REFUSED') ? error.cause : {});

const CONFLICTS = 8;

async function writeLease(
  { bucket, once }: Connection,
  { key, read }: Pick<LeaseObject, 'key' | 'read'>,
  record: LeaseRecord,
  over: string | undefined,
  { clock, signal, random }: StoreEnv,
): Promise<string | undefined> {
  let condition: object = over === undefined ? { IfNoneMatch: '*' } : { IfMatch: over };
  const put = async ({ sdk, client, signal: abortSignal }: Wire) => {
    const input = { Bucket: bucket, Key: key, Body: JSON.stringify(record), ...condition };
    // A bucket with object lock takes nothing without a checksum.
    const { ETag } = await client.send(new sdk.PutObjectCommand({ ...input, ChecksumAlgorithm: 'SHA256' }), {
      abortSignal,
    });
    return ETag;
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(`write the lease ${bucket}/${key}`, put);
    } catch (error) {
      const { status, name } = statusOf(error);
      if (status === 409 && attempt < CONFLICTS) {
        await clock.sleep(random() * seconds(0.2) * attempt, signal);
        continue;
      }
      const refused = status === 412 || status === 409 || (status === 404 && name !== 'NoSuchBucket');
      if (!refused && !isOpsError(error, 'STORE_UNREACHABLE')) throw error;
      // It may have been written, and only its answer was lost.
      const seen = await read();
      if (seen && seen.record.holder.id === record.holder.id && seen.record.n === record.n) return seen.etag;
      // Below a delete marker versitygw finds the version by its ETag; to AWS nothing is there.
      if (refused && seen?.hidden && seen.etag === over && !('IfNoneMatch' in condition)) {
        condition = { IfNoneMatch: '*' };
        continue;
      }
      if (refused) return undefined;
      throw error;
    }
  }
}
