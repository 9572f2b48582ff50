import { readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { describeHolder, type Held, type Holder, isAlive, type Lock, lockHeld } from '../engine/index.ts';
import { isOpsError, OpsError, oneLine } from '../errors/index.ts';
import { type Clock, type Duration, formatDuration, seconds } from '../time/index.ts';
import type { StoreAccess } from './access.ts';
import { connectStore, type StoreEnv } from './connection.ts';
import { failureOf } from './failure.ts';
import { type LeaseObject, type LeaseRecord, leaseObject, type SeenLease } from './lease-object.ts';

export interface LeaseSpec {
  /** Of the site, or of what else only one may do at a time. */
  name: string;
  access(): Promise<StoreAccess>;
  /** The bucket is not there, or lets nobody in yet: its owner, who makes it where the verb is one that makes. */
  owner(verb: string): Promise<StoreAccess | undefined>;
  notice(text: string): void;
  /** How long a holder may be silent. */
  ttl?: Duration;
}

const TTL = seconds(60);
/**
 * One writer at a time over all computers: an object that is written under conditions only, and renewed. Nobody's clock
 * is compared with another's: a lease is stale when the store says that it is old, and when it did not change while
 * this computer watched it for as long again. Errors of acquire: LOCK_HELD; STORE_UNSAFE: the endpoint ignores
 * conditions; STORE_UNREACHABLE.
 */
export function storeLease(spec: LeaseSpec, env: StoreEnv): Lock {
  return {
    async acquire(verb) {
      try {
        return await take(await spec.access(), spec, verb, env);
      } catch (error) {
        if (!isBucketAbsent(error) && !isDenied(error)) throw error;
        const owner = await spec.owner(verb);
        if (!owner && !isBucketAbsent(error)) throw error;
        if (!owner) return unleased(spec, verb, env);
        return take(owner, spec, verb, env).catch(again => {
          if (isBucketAbsent(again)) return unleased(spec, verb, env);
          throw again;
        });
      }
    },
    async holder() {
      const connection = connectStore(await spec.access(), env);
      try {
        const seen = await leaseObject(connection, spec.name, env).read();
        const old = seen?.age !== undefined && seen.age > seen.record.ttl;
        return seen && seen.record.state === 'held' && !old && !(await isDead(seen)) ? seen.record.holder : undefined;
      } catch (error) {
        if (isBucketAbsent(error)) return undefined;
        throw error;
      } finally {
        connection.close();
      }
    },
  };
}

const isBucketAbsent = (error: unknown) =>
  isOpsError(error, 'STORE_REFUSED') && failureOf(error.cause ?? {}).name === 'NoSuchBucket';

async function unleased({ name, notice }: LeaseSpec, verb: string, { clock }: StoreEnv): Promise<Held> {
  notice(`there is no bucket for the lease of ${name}: only this computer is kept from a second run`);
  return { holder: await describeHolder(verb, clock.now), check: async () => {}, release: async () => {} };
}

/** Before its first policy a bucket lets in its owner only, and some endpoints say so of one that is not there. */
const isDenied = (error: unknown) => isOpsError(error, 'STORE_REFUSED') && failureOf(error.cause ?? {}).status === 403;

async function take(access: StoreAccess, spec: LeaseSpec, verb: string, env: StoreEnv): Promise<Held> {
  const connection = connectStore(access, env);
  try {
    const object = leaseObject(connection, spec.name, env);
    const first: LeaseRecord = {
      schema: 1,
      state: 'held',
      holder: { ...(await describeHolder(verb, env.clock.now)), host: hostname() },
      space: await pidSpace(),
      ttl: spec.ttl ?? TTL,
      n: 0,
    };
    const since = elapsedBy(env.clock);
    const etag = await win(object, first, spec, env);
    await refuseIgnored(object, first);
    return hold(object, { record: first, etag, since }, spec, env, {
      // When the run was stopped its own signal lets nothing through.
      async giveBack(last) {
        const own = connectStore(access, { ...env, signal: AbortSignal.timeout(seconds(4)) });
        await leaseObject(own, spec.name, env)
          .write({ ...last.record, state: 'free', n: last.record.n + 1 }, last.etag)
          .catch(error => spec.notice(`the lease of ${spec.name} was not given back: ${oneLine(error)}`))
          .finally(own.close);
        connection.close();
      },
    });
  } catch (error) {
    connection.close();
    throw error;
  }
}

const ATTEMPTS = 10;

/** Ours, and it stayed ours. Errors: LOCK_HELD. */
async function win(object: LeaseObject, record: LeaseRecord, spec: LeaseSpec, env: StoreEnv): Promise<string> {
  let seen: SeenLease | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    seen = await object.read();
    if (seen && !(await isFree(seen, object, spec, env))) throw lockHeld(seen.record.holder);
    const etag = await object.write(record, seen?.etag);
    if (etag === undefined) continue;
    await object.settle();
    const stayed = await object.read();
    if (stayed?.record.holder.id === record.holder.id) return stayed.etag;
  }
  if (seen) throw new OpsError('LOCK_HELD', `cannot take the lease ${object.key}: others take it faster`);
  // versitygw 1.7.0, over a delete marker; AWS writes there. muster itself never removes it.
  throw new OpsError('STORE_REFUSED', `cannot take the lease ${object.key}: nothing is there, and it may not be made`, {
    hint: 'somebody removed it: remove its delete marker too, as the owner of the bucket',
  });
}

async function isFree(seen: SeenLease, object: LeaseObject, spec: LeaseSpec, env: StoreEnv): Promise<boolean> {
  const { record, age } = seen;
  if (record.state === 'free' || (await isDead(seen))) return true;
  if (age === undefined || age <= record.ttl) return false;
  const { verb, user, host } = record.holder;
  const whose = `the lease of ${spec.name} ('${verb}' of ${user} on ${host})`;
  spec.notice(`${whose} was not renewed for ${formatDuration(age)}: watching it for ${formatDuration(record.ttl)}`);
  const watched = elapsedBy(env.clock);
  while (watched() < record.ttl) {
    await env.clock.sleep(record.ttl / 6, env.signal);
    const now = await object.read();
    if (now?.etag !== seen.etag) return now === undefined;
  }
  return true;
}

const pidSpace = () => readlink('/proc/self/ns/pid').catch(() => '');

/** It ran on this computer, where one sees that it does not any more. */
async function isDead({ record: { holder, space } }: SeenLease): Promise<boolean> {
  const { bootId } = await describeHolder('', () => 0);
  return space === (await pidSpace()) && holder.bootId === bootId && !(await isAlive(holder));
}

/** The longer of two: one clock stands still while a computer sleeps, the other may be set. */
function elapsedBy(clock: Clock): () => Duration {
  const [monotonic, now] = [clock.monotonic(), clock.now()];
  return () => Math.max(clock.monotonic() - monotonic, clock.now() - now);
}

/** Two writes whose conditions do not hold, with the same content: harmless where they are let through. Errors: STORE_UNSAFE. */
async function refuseIgnored(object: LeaseObject, record: LeaseRecord): Promise<void> {
  // Another number than the one that is there: it would be taken for a write whose answer was lost.
  const probe = { ...record, n: -1 };
  const over = ['as if nothing were there', 'as if another were there'];
  for (const [index, etag] of [undefined, '"00000000000000000000000000000000"'].entries()) {
    if ((await object.write(probe, etag)) === undefined) continue;
    throw new OpsError('STORE_UNSAFE', `cannot lock on this store: it lets ${object.key} be written ${over[index]}`, {
      hint: 'an endpoint that ignores If-None-Match or If-Match keeps nobody out: choose another one',
    });
  }
}

/** What was written last, and how long ago that was begun. */
interface Written {
  record: LeaseRecord;
  etag: string;
  since(): Duration;
}

interface Ending {
  giveBack(last: Written): Promise<void>;
}

function hold(object: LeaseObject, first: Written, spec: LeaseSpec, env: StoreEnv, { giveBack }: Ending): Held {
  const { ttl, holder } = first.record;
  let last = first;
  let lost: OpsError | undefined;
  let going: Promise<void> | undefined;

  async function renewNow(): Promise<void> {
    const since = elapsedBy(env.clock);
    const record = { ...last.record, n: last.record.n + 1 };
    const etag = await object.write(record, last.etag);
    if (etag !== undefined) {
      last = { record, etag, since };
      return;
    }
    lost = lockLost(spec.name, (await object.read())?.record.holder, last.since());
    throw lost;
  }
  const renew = () => {
    going ??= renewNow().finally(() => {
      going = undefined;
    });
    return going;
  };
  const timer = setInterval(() => {
    if (lost || env.signal.aborted) clearInterval(timer);
    // One that fails is tried again; whoever wants to write is told.
    else renew().catch(() => {});
  }, ttl / 3);
  timer.unref();
  return {
    holder,
    async check() {
      if (lost) throw lost;
      // Up to here nobody may take it; with a third left, a write that begins now begins in time.
      if (last.since() > (ttl * 2) / 3) await renew();
    },
    async release() {
      clearInterval(timer);
      await going?.catch(() => {});
      if (!lost) await giveBack(last);
    },
  };
}

const lockLost = (name: string, by: Holder | undefined, silent: Duration) =>
  new OpsError(
    'LOCK_LOST',
    `cannot go on: the lease of ${name} was not renewed for ${formatDuration(silent)}, and ${
      by ? `'${by.verb}' of ${by.user} on ${by.host} has it since ${by.since}` : 'is gone'
    }`,
  );
