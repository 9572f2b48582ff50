import { isOpsError, OpsError } from '../errors/index.ts';
import type { StoreAccess } from './access.ts';
import { type BucketWant, rulesOf } from './bucket-settings.ts';
import { type Connection, connectStore, type StoreEnv } from './connection.ts';
import { failureOf } from './failure.ts';
import { forgetPast, type Past, readPast } from './history.ts';
import { eraseBelow } from './listing.ts';
import { NOTHING, type Rule } from './rule.ts';

export interface Setting {
  /** 'versioning', 'object-lock', 'ownership', 'public-access', 'encryption', 'lifecycle', 'replication', 'tags', 'policy', 'tls-only'. */
  name: string;
  /** unsupported: the endpoint does not have it. unseen: these credentials may not read it. */
  state: 'held' | 'wrong' | 'unsupported' | 'unseen';
  want: string;
  got: string;
}

/** A bucket as its owner sees it. Errors of all: STORE_UNREACHABLE, STORE_REFUSED. */
export interface Bucket {
  readonly name: string;
  /** undefined: there is no such bucket. Reads only. */
  inspect(): Promise<Setting[] | undefined>;
  /** Makes it if it is not there, writes what is wrong, and reads everything back. */
  harden(): Promise<Setting[]>;
  /** Every version and marker below a prefix, for good. With '' the bucket can be removed. */
  erase(prefix: string): Promise<void>;
  /** Versions and markers that are of the past since before a moment. Reads only. */
  past(before: Date): Promise<Past>;
  /** The same, for good: where the endpoint has no lifecycle. */
  forget(before: Date): Promise<void>;
  /** Of an empty bucket. */
  remove(): Promise<void>;
  close(): void;
}

export function openBucket(access: StoreAccess, env: StoreEnv, want: BucketWant = {}): Bucket {
  const connection = connectStore(access, env);
  const { bucket } = connection;
  const rules = rulesOf(want, access.region);
  const inspect = async () =>
    (await exists(connection)) ? Promise.all(rules.map(rule => look(rule, connection))) : undefined;
  return {
    name: bucket,
    inspect,
    async harden() {
      if (!(await exists(connection))) await create(connection, access.region, want.lock !== undefined);
      const settings: Setting[] = [];
      for (const rule of rules) settings.push(await hold(rule, connection));
      return settings;
    },
    erase: prefix => eraseBelow(connection, prefix),
    past: before => readPast(connection, before),
    forget: before => forgetPast(connection, before),
    async remove() {
      await connection.call(`remove the bucket ${bucket}`, ({ sdk, client, signal }) =>
        client.send(new sdk.DeleteBucketCommand({ Bucket: bucket }), { abortSignal: signal }),
      );
    },
    close: connection.close,
  };
}

/** The bucket, as it is given, for what is needed before it is hardened; one that is there is fine. Errors: STORE_*. */
export async function makeBucket(access: StoreAccess, env: StoreEnv, { lock }: BucketWant = {}): Promise<void> {
  const connection = connectStore(access, env);
  try {
    if (!(await exists(connection))) await create(connection, access.region, lock !== undefined);
  } finally {
    connection.close();
  }
}

const statusOf = (error: unknown) =>
  isOpsError(error, 'STORE_REFUSED') ? failureOf(error.cause) : { status: undefined, name: '', words: '' };

/** Also from a server that wants a bucket's owner to ask: then it is there. */
async function exists({ bucket, call }: Connection): Promise<boolean> {
  try {
    await call(`look at the bucket ${bucket}`, ({ sdk, client, signal }) =>
      client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal }),
    );
    return true;
  } catch (error) {
    if (statusOf(error).status === 404) return false;
    throw error;
  }
}

/** `locked`: not every endpoint lets it be locked later. */
async function create({ bucket, call }: Connection, region: string, locked = false): Promise<void> {
  // us-east-1 refuses its own name as a constraint, every other region wants it.
  const place = region === 'us-east-1' ? {} : { LocationConstraint: region as never };
  await call(`make the bucket ${bucket}`, ({ sdk, client, signal }) =>
    client.send(
      new sdk.CreateBucketCommand({
        Bucket: bucket,
        ...(locked && { ObjectLockEnabledForBucket: true }),
        ...('LocationConstraint' in place && { CreateBucketConfiguration: place }),
      }),
      { abortSignal: signal },
    ),
  ).catch(error => {
    // The answer to the first attempt was lost.
    if (statusOf(error).name !== 'BucketAlreadyOwnedByYou') throw error;
  });
}

const isUnsupported = ({ status, name }: { status?: number | undefined; name: string }) =>
  status === 501 || status === 405 || name === 'NotImplemented' || name === 'MethodNotAllowed';

async function look(rule: Rule, { bucket, call }: Connection): Promise<Setting> {
  const { name, want } = rule;
  const setting = (state: Setting['state'], got: string): Setting => ({ name, state, want, got });
  try {
    const got = await call(`read ${name} of the bucket ${bucket}`, wire => rule.read(wire, bucket));
    return setting((rule.holds?.(got) ?? got === want) ? 'held' : 'wrong', got);
  } catch (error) {
    const failure = statusOf(error);
    if (isUnsupported(failure)) return setting('unsupported', failure.words);
    if (failure.status === 403) return setting('unseen', failure.words);
    // 'NoSuchLifecycleConfiguration', 'OwnershipControlsNotFoundError' and the like.
    if (failure.status === 404 && failure.name !== 'NoSuchBucket') return setting('wrong', NOTHING);
    throw error;
  }
}

/**
 * What was written is read back: an endpoint may accept what it does not keep. What may not be read is not written: no plan has
 * said so, nobody has confirmed a lock for ever in it, and what is there may be more.
 */
async function hold(rule: Rule, connection: Connection): Promise<Setting> {
  const seen = await look(rule, connection);
  if (seen.state !== 'wrong') return seen;
  try {
    await connection.call(`write ${rule.name} of the bucket ${connection.bucket}`, wire =>
      rule.write(wire, connection.bucket),
    );
  } catch (error) {
    const failure = statusOf(error);
    // Whom a policy names, and how, is each endpoint's own.
    if (isUnsupported(failure) || failure.name === 'MalformedPolicy')
      return { ...seen, state: 'unsupported', got: failure.words };
    throw error;
  }
  return look(rule, connection);
}

/**
 * Without versions a site could erase its own history; a lock, and that the endpoint copies, are asked for by the inventory, and
 * nobody would do it instead. All else that an endpoint does not have is reported, these stop.
 */
export const MUST_HOLD: readonly string[] = ['versioning', 'object-lock', 'replication'];

/** Errors: STORE_UNSAFE. */
export function refuseUnsafe(bucket: string, settings: readonly Setting[]): void {
  const unsafe = settings.filter(
    ({ name, state }) => state === 'wrong' || (MUST_HOLD.includes(name) && state !== 'held'),
  );
  if (unsafe.length === 0) return;
  const copies = unsafe.some(({ name, state }) => name === 'replication' && state === 'unsupported');
  throw new OpsError('STORE_UNSAFE', `cannot trust the bucket ${bucket}: ${unsafe.map(settingText).join('; ')}`, {
    ...(copies && { hint: 'take role out of backup.store.replica: then muster copies, at the end of each backup' }),
  });
}

export const settingText = ({ name, state, want, got }: Setting): string =>
  state === 'held' ? `${name} ${got}` : `${name} ${state}: got ${got}, want ${want}`;
