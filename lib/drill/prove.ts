import { artifactDeps } from '../artifact/index.ts';
import type { CopyAtHand } from '../backup/control-plane/copy.ts';
import { contentsCheck, opensCheck } from '../backup/control-plane/copy-checks.ts';
import {
  type CheckResult,
  KEYS,
  type Level,
  type Manifest,
  openEscrow,
  partOf,
  readIdentity,
  readSet,
  runChecks,
  SET_CHECKS,
  type SealedSet,
  type SetAtHand,
} from '../backup/index.ts';
import { indexCheck } from '../backup/postgres/info-file.ts';
import { placeInfo } from '../backup/postgres/point.ts';
import { type ProveDeps, proveInScratch } from '../backup/postgres/prove.ts';
import { walCheck } from '../backup/postgres/repository-checks.ts';
import { timelinesCheck } from '../backup/postgres/timelines.ts';
import { KEYS_OF } from '../backup/source-keys.ts';
import { contentChecks, recordCheck, volumeChecks } from '../backup/velero/checks.ts';
import { scratchVolumes } from '../backup/velero/readers.ts';
import { withKopia, withScratch } from '../backup/velero/surroundings.ts';
import { asOpsError, oneLine } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import type { Secret } from '../secret/index.ts';
import type { StoreAccess } from '../store/index.ts';
import { seconds, wait } from '../time/index.ts';
import type { Surroundings } from './checks/surroundings.ts';

/** A set in a bucket, and what is needed to look at it without a cluster. */
export interface Provable {
  set: SetAtHand & { site: Site };
  /** To the same bucket, for the tools. */
  access: StoreAccess;
  ctx: Surroundings;
  /** Before a rung is looked at. */
  onRung?(rung: Rung['name']): void;
}

/** A set whose L0 held, with the keys of its escrow. */
interface Opened extends CopyAtHand {
  of: Provable;
  set: Manifest;
}

/** A part of the ladder: everything in it is looked at, and the next one only when all of it is well. */
export interface Rung {
  name: 'records' | 'content' | 'copies' | 'database';
  /** The lowest of its checks. */
  level: Level;
  look(opened: Opened): Promise<CheckResult[]>;
}

/** L1 in milliseconds: what the tools wrote about themselves, and what opens in one piece. */
const records: Rung = {
  name: 'records',
  level: 'L1',
  async look({ set, store, secrets }) {
    const [postgres, velero, control] = [partOf(set, 'postgres'), partOf(set, 'velero'), partOf(set, 'control-plane')];
    return [
      ...(postgres ? await runChecks([walCheck(postgres)], store) : []),
      ...(postgres
        ? await runChecks([indexCheck(postgres, 'mended'), timelinesCheck(postgres)], {
            store,
            cipher: await cipherOf(secrets),
          })
        : []),
      ...(velero ? await runChecks([recordCheck(velero)], store) : []),
      ...(control ? await runChecks([opensCheck(control)], { store, secrets }) : []),
    ];
  },
};

/** L1 of the volumes: every byte that a snapshot refers to. */
const content: Rung = {
  name: 'content',
  level: 'L1',
  async look({ of: { set, access, ctx }, set: manifest, secrets }) {
    const part = partOf(manifest, 'velero');
    const results: CheckResult[] = [];
    for (const { namespace, ...check } of part ? contentChecks(part) : []) {
      const look = () => withKopia(set.site, { access, namespace }, { ...ctx, secrets }, kopia => check.look(kopia));
      results.push(...(await runChecks([{ ...check, look }], undefined)));
    }
    return results;
  },
};

/** L4 of what needs no server: volumes in a folder of this computer, the datastore in memory. */
const copies: Rung = {
  name: 'copies',
  level: 'L4',
  async look({ of: { set, access, ctx }, set: manifest, store, secrets }) {
    const [velero, control] = [partOf(manifest, 'velero'), partOf(manifest, 'control-plane')];
    const results = control ? await runChecks([contentsCheck(control)], { store, secrets }) : [];
    for (const [n, check] of velero ? volumeChecks(velero).entries() : []) {
      const namespace = velero?.facts.volumes[n]?.namespace ?? '';
      const look = () =>
        withKopia(set.site, { access, namespace }, { ...ctx, secrets }, kopia =>
          withScratch(ctx, folder => check.look(scratchVolumes(async () => kopia, folder, ctx))),
        );
      results.push(...(await runChecks([{ ...check, look }], undefined)));
    }
    return results;
  },
};

/** L1 to L5 of the database, in a scratch container: the dear part, so the last one. */
const database: Rung = {
  name: 'database',
  level: 'L1',
  async look({ of: { set, access, ctx }, set: manifest, store, secrets }) {
    const part = partOf(manifest, 'postgres');
    const cipher = await cipherOf(secrets);
    if (!part || !cipher) return [];
    await placeInfo(store, part.facts);
    return proveInScratch(part, { access, cipher }, await proveDeps(set.site, ctx));
  },
};

const cipherOf = (secrets: Opened['secrets']) => secrets.get(KEYS_OF.postgres[0] ?? '');

/** What a drill looks at before anything is lost for it: seconds, and no server. */
export const STORED: readonly Rung[] = [records, content];
/** All that can be told without a cluster. */
export const SCRATCH: readonly Rung[] = [records, content, copies, database];

export async function proveDeps(site: Site, ctx: Surroundings): Promise<ProveDeps> {
  const { clock, signal } = ctx;
  return { ...(await artifactDeps(site, ctx)), wait: spec => wait(spec, { clock, signal }) };
}

/** What was seen of a set. */
export interface Proof {
  /** undefined: its signature does not hold. */
  set?: SealedSet;
  checks: CheckResult[];
}

/**
 * The climb: L0 from bucket and escrow, then the rungs, up to the first with a required check that is not passed. What
 * the sources took is opened with the keys of the escrow: those are all that is left when the site is lost.
 * Errors: those of the scratch lanes (TOOL_MISSING, ARTIFACT_*); what the store does not tell is an unrun check.
 */
export async function proveStored(of: Provable, rungs: readonly Rung[]): Promise<Proof> {
  const { site, store, id, publicKey } = of.set;
  const checks = await runChecks(SET_CHECKS, of.set);
  const set = await readSet(store, id, { site: site.name, publicKey }).catch(() => undefined);
  if (!set || !isWell(checks)) return { ...(set && { set }), checks };
  const keys = await keysOf(of.set, set.manifest);
  const opened: Opened = { of, set: set.manifest, store, secrets: { get: async name => keys.get(name) } };
  for (const rung of rungs) {
    of.onRung?.(rung.name);
    checks.push(...(await lookWhileThere(opened, rung)));
    if (!isWell(checks)) break;
  }
  return { set, checks };
}

/** How often the store is asked whether it is still there. */
const EVERY = seconds(2);

/**
 * kopia and pgBackRest go on asking a store that is gone for minutes; muster asks beside them, and ends them.
 * Errors: those of the rung.
 */
async function lookWhileThere(opened: Opened, rung: Rung): Promise<CheckResult[]> {
  const { of, store, set } = opened;
  const { ctx } = of;
  const over = new AbortController();
  const gone = new AbortController();
  const watch = async () => {
    while (!over.signal.aborted) {
      await ctx.clock.sleep(EVERY, over.signal);
      await store.head(KEYS.manifest(set.id));
    }
  };
  const watched = watch().catch(error => gone.abort(error));
  const signal = AbortSignal.any([ctx.signal, gone.signal]);
  try {
    const results = await rung.look({ ...opened, of: { ...of, ctx: { ...ctx, signal } } });
    return lost(over, gone) ? [goneCheck(rung, gone.signal.reason)] : results;
  } catch (error) {
    if (lost(over, gone)) return [goneCheck(rung, gone.signal.reason)];
    throw error;
  } finally {
    over.abort();
    await watched;
  }
}

const lost = (over: AbortController, gone: AbortController) => !over.signal.aborted && gone.signal.aborted;

function goneCheck({ name, level }: Rung, error: unknown): CheckResult {
  const { code } = asOpsError(error);
  return {
    id: `set.store.${name}`,
    title: 'The store answers while it is read',
    source: 'set',
    level,
    required: true,
    expected: 'an answer',
    got: oneLine(error),
    state: 'unrun',
    code,
  };
}

const isWell = (checks: readonly CheckResult[]) =>
  checks.every(({ required, state }) => !required || state === 'passed');

/** The escrow check opened it a moment ago. */
async function keysOf({ escrow }: SetAtHand, { escrowGeneration }: Manifest): Promise<ReadonlyMap<string, Secret>> {
  const { secrets } = await openEscrow(escrow, await readIdentity(escrow), escrowGeneration);
  return secrets;
}
