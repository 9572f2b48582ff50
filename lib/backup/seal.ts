import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ctx, Decision, Need, ObjectStore, Step } from '../engine/index.ts';
import { isOpsError, OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { minutes } from '../time/index.ts';
import { inspect } from './artefacts.ts';
import { copiesOf, generations } from './escrow/generations.ts';
import type { EscrowAt } from './escrow/place.ts';
import { type Expected, readSet, writeManifest } from './manifest.ts';
import { shown } from './plain.ts';
import { KEYS, type Manifest, SET_ID, type SetPart, type SourceName, setPart } from './set.ts';
import { parseJson, readSigner, sha256Of } from './sign.ts';
import { readPublicKey } from './signer.ts';

export interface SealWant {
  /** The set's id, chosen when the run began. */
  id: string;
  trigger: Manifest['trigger'];
}

export interface SealOf {
  site: Pick<Site, 'name' | 'backup'>;
  escrow: EscrowAt;
  /** Path of the signer's public key. */
  publicKey: string;
}

/**
 * set.seal: from the parts that the sources left in the store, one signed manifest, after every object was read back.
 * Errors: SET_INCOMPLETE, SET_ARTEFACT_*, ESCROW_ABSENT, KEY_MISSING, KEY_WRONG, MANIFEST_*.
 */
export function setSealStep(of: SealOf, want: SealWant, needs: readonly Need[]): Step<SealWant, { sha256?: string }> {
  const { name } = of.site;
  return {
    id: 'set.seal',
    title: 'Read everything back, and sign the set',
    target: { site: name, kind: 'site', name },
    want,
    needs,
    deadline: minutes(30),
    observe: async ctx => observeSet(await ctx.store(name), want.id, await expectedOf(of)),
    decide: (_, { sha256 }): Decision =>
      sha256 !== undefined
        ? { is: 'done', reason: `sealed; its manifest is ${sha256.slice(0, 12)}` }
        : { is: 'changes', changes: [{ action: 'create', what: `set ${want.id}`, grade: 'known' }] },
    apply: (change, ctx) => ctx.effect(change, () => sealSet(of, want, ctx)),
  };
}

const expectedOf = async ({ site, publicKey }: SealOf): Promise<Expected> => ({
  site: site.name,
  publicKey: await readPublicKey(publicKey),
});

async function observeSet(store: ObjectStore, id: string, expected: Expected): Promise<{ sha256?: string }> {
  try {
    return { sha256: (await readSet(store, id, expected)).sha256 };
  } catch (error) {
    if (isOpsError(error, 'SET_ABSENT')) return {};
    throw error;
  }
}

async function sealSet(of: SealOf, { id, trigger }: SealWant, ctx: Ctx): Promise<void> {
  const { site, escrow } = of;
  const store = await ctx.store(site.name);
  const parts = await readParts(store, id, site.backup?.sources ?? []);
  ctx.progress(`reading back ${parts.reduce((sum, { artefacts }) => sum + artefacts.length, 0)} objects`);
  const [sources, expected, escrowGeneration, checkout] = await Promise.all([
    Promise.all(parts.map(part => readBack(store, id, part))),
    expectedOf(of),
    sealedGeneration(escrow),
    checkoutOf(ctx),
  ]);
  const set: Manifest = {
    schema: 1,
    id,
    site: site.name,
    takenAt: new Date(ctx.clock.now()).toISOString(),
    trigger,
    sources,
    escrowGeneration,
    ...checkout,
    previous: await newestBefore(store, id, expected),
  };
  await writeManifest(store, set, await readSigner(ctx.secrets));
}

/** Errors: SET_INCOMPLETE, with what is wrong with every source. */
async function readParts(store: ObjectStore, id: string, sources: readonly SourceName[]): Promise<SetPart[]> {
  const read = async (source: SourceName): Promise<SetPart | string> => {
    const bytes = await store.get(KEYS.part(id, source));
    if (!bytes) return `${source}: it left no part in the store`;
    const parsed = setPart.safeParse(parseJson(bytes));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return shown(`${source}: its part is not one: ${issue?.path.map(String).join('.')}: ${issue?.message}`);
    }
    return parsed.data.source === source ? parsed.data : `${source}: its part is one of ${parsed.data.source}`;
  };
  const parts = await Promise.all([...sources].sort().map(read));
  const wrong = parts.filter(part => typeof part === 'string');
  if (wrong.length > 0 || parts.length === 0)
    throw new OpsError('SET_INCOMPLETE', `cannot seal the set ${id}: ${wrong[0] ?? 'no source is wanted'}`, {
      details: wrong.slice(1),
    });
  return parts.filter(part => typeof part !== 'string');
}

/** The part with its artefacts as they were read back. Errors: SET_ARTEFACT_*: the store does not give what was taken. */
async function readBack(store: ObjectStore, id: string, part: SetPart): Promise<SetPart> {
  const { artefacts, findings } = await inspect(store, part.artefacts);
  const [first] = findings;
  if (first)
    throw new OpsError(first.code, `cannot seal the set ${id}: ${shown(first.key)} of ${part.source} is ${first.got}`, {
      details: findings.slice(1, 50).map(({ key, got }) => `${shown(key)}: ${got}`),
    });
  return { ...part, artefacts: artefacts.sort((a, b) => (a.key < b.key ? -1 : 1)) };
}

/** The newest generation, whole in every place. Errors: ESCROW_ABSENT. */
async function sealedGeneration(at: EscrowAt): Promise<number> {
  const newest = (await generations(at)).at(-1);
  const lacks =
    newest === undefined ? at.places[0] : (await copiesOf(at, newest)).find(({ is }) => is !== 'whole')?.place;
  if (newest !== undefined && lacks === undefined) return newest;
  throw new OpsError('ESCROW_ABSENT', `cannot seal a set: ${lacks} does not have the newest escrow of ${at.site}`);
}

async function checkoutOf({ run, signal, shell }: Ctx): Promise<Pick<Manifest, 'commit' | 'lockDigest'>> {
  const { project } = run.dirs;
  const git = async (...args: string[]) =>
    (await shell('localhost')).exec(['git', '-C', project, ...args], { signal, timeout: minutes(1) });
  const [head, changes, lock] = await Promise.all([
    git('rev-parse', 'HEAD'),
    git('status', '--porcelain'),
    readFile(join(project, 'artifacts/lock.yaml')),
  ]);
  const dirty = changes.stdout.text === '' ? '' : '-dirty';
  // A project that was unpacked from an archive has no commit, and is backed up all the same.
  const commit = head.code === 0 ? `${head.stdout.text.trim()}${dirty}` : 'none';
  return { commit, lockDigest: sha256Of(lock) };
}

/** Ids of sets that have a manifest, ascending. */
export async function sealedIds(store: ObjectStore): Promise<string[]> {
  const objects = await store.list(KEYS.sets);
  return objects
    .flatMap(({ key }) => /^sets\/([^/]+)\/manifest\.json$/.exec(key)?.[1] ?? [])
    .filter(id => SET_ID.test(id))
    .sort();
}

/** The newest one that verifies: a damaged set must not keep the next from being taken, and is no link of the chain. */
async function newestBefore(store: ObjectStore, id: string, expected: Expected): Promise<Manifest['previous']> {
  for (const other of (await sealedIds(store)).filter(one => one < id).reverse()) {
    try {
      return { id: other, sha256: (await readSet(store, other, expected)).sha256 };
    } catch (error) {
      if (!isOpsError(error) || !/^(MANIFEST_|SET_)/.test(error.code)) throw error;
    }
  }
  return null;
}
