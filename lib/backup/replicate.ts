import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Ctx, Decision, Need, ObjectStore, Step, StoredObject } from '../engine/index.ts';
import { isOpsError, OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { openStore, storeAccess } from '../store/index.ts';
import { minutes } from '../time/index.ts';
import { eachOf, inspect } from './artefacts.ts';
import { readSet } from './manifest.ts';
import type { SealOf } from './seal.ts';
import { KEYS } from './set.ts';
import { readPublicKey } from './signer.ts';

const AT_ONCE = 8;

/**
 * set.replicate: where the endpoint does not copy by itself, muster does, when the set is signed: all that is in the bucket,
 * since a restore reads more than a manifest names. The manifest goes last, after every object that it names was read back
 * there. Nothing is removed: what was hidden or erased in the store stays. Errors: SET_ARTEFACT_*, STORE_*.
 */
export function replicateStep(
  of: SealOf,
  replica: Site,
  id: string,
  needs: readonly Need[],
): Step<{ id: string }, { there: boolean }> {
  const { name } = replica;
  return {
    id: 'set.replicate',
    title: 'Copy the set into the replica, and read it back there',
    target: { site: name, kind: 'site', name },
    want: { id },
    needs,
    deadline: minutes(120),
    observe: ctx => withReplica(replica, ctx, into => observe(of, id, into)),
    decide: (_, { there }): Decision =>
      there
        ? { is: 'done', reason: `${id} is in ${bucketOf(replica)}` }
        : { is: 'changes', changes: [{ action: 'create', what: `copy of set ${id}`, grade: 'known' }] },
    apply: (change, ctx) => ctx.effect(change, () => withReplica(replica, ctx, into => copyAll(of, id, into, ctx))),
  };
}

const bucketOf = ({ backup }: Site) => (backup?.store.kind === 's3' ? backup.store.bucket : '');

async function withReplica<T>(replica: Site, ctx: Ctx, use: (store: ObjectStore) => Promise<T>): Promise<T> {
  const access = await storeAccess(replica, 'site', { dirs: ctx.run.dirs, secrets: ctx.secrets });
  const store = openStore(access, { clock: ctx.clock, signal: ctx.signal, random: Math.random });
  return use(store).finally(store.close);
}

async function observe({ site, publicKey }: SealOf, id: string, into: ObjectStore): Promise<{ there: boolean }> {
  try {
    await readSet(into, id, { site: site.name, publicKey: await readPublicKey(publicKey) });
    return { there: true };
  } catch (error) {
    if (isOpsError(error, 'SET_ABSENT')) return { there: false };
    throw error;
  }
}

async function copyAll({ site, publicKey }: SealOf, id: string, into: ObjectStore, ctx: Ctx): Promise<void> {
  const from = await ctx.store(site.name);
  const { manifest } = await readSet(from, id, { site: site.name, publicKey: await readPublicKey(publicKey) });
  const [ours, theirs] = await Promise.all([from.list(''), into.list('')]);
  const stale = staleIn(ours, theirs);
  const sealed = [KEYS.signature(id), KEYS.manifest(id)];
  const first = stale.filter(({ key }) => !sealed.includes(key));
  ctx.progress(`copying ${first.length} of ${ours.length} objects into ${into.bucket}`);
  await eachOf(first, AT_ONCE, object => copyOne(object, from, into, ctx));
  const { findings } = await inspect(
    into,
    manifest.sources.flatMap(({ artefacts }) => artefacts),
  );
  const [wrong] = findings;
  if (wrong)
    throw new OpsError(wrong.code, `cannot copy the set ${id} into ${into.bucket}: ${wrong.key} is ${wrong.got}`, {
      details: findings.slice(1, 50).map(({ key, got }) => `${key}: ${got}`),
    });
  for (const key of sealed) {
    const bytes = await from.get(key);
    if (bytes) await into.put(key, bytes);
  }
}

/** Pure. Not of the lease and its like, which are of one bucket. What was written after its copy has another copy to get. */
export function staleIn(ours: readonly StoredObject[], theirs: readonly StoredObject[]): StoredObject[] {
  const copies = new Map(theirs.map(object => [object.key, object]));
  return ours.filter(({ key, size, etag, modified }) => {
    if (key.startsWith('.muster/')) return false;
    const copy = copies.get(key);
    if (!copy || copy.size !== size) return true;
    // Of an upload in parts the ETag is of the parts, and a copy in one piece has another: there the later one counts.
    return copy.etag !== etag && (!/-\d+"?$/.test(etag ?? '') || Date.parse(copy.modified) <= Date.parse(modified));
  });
}

/** Larger ones by a file: a base backup is not held in memory. */
const IN_MEMORY = 8 * 2 ** 20;

async function copyOne({ key, size }: StoredObject, from: ObjectStore, into: ObjectStore, { run }: Ctx): Promise<void> {
  const gone = () => new OpsError('SET_ARTEFACT_MISSING', `cannot copy ${key}: it is not there any more`);
  if (size <= IN_MEMORY) {
    const bytes = await from.get(key);
    if (!bytes) throw gone();
    await into.put(key, bytes);
    return;
  }
  const chunks = await from.stream(key);
  if (!chunks) throw gone();
  const file = join(run.dirs.state, `replica-${Buffer.from(key).toString('hex').slice(-64)}`);
  try {
    await pipeline(chunks, createWriteStream(file, { mode: 0o600 }));
    await into.put(key, { file });
  } finally {
    await rm(file, { force: true });
  }
}
