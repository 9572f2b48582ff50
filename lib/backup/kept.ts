import type { Ctx, ObjectStore } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { artefactsWrong } from './audit/sets.ts';
import { listSets, type SetRow } from './list.ts';
import type { SealOf } from './seal.ts';
import type { Manifest } from './set.ts';
import { readPublicKey } from './signer.ts';

/** What is left of a site's sets: by it the tools are told what may go. */
export interface Kept {
  /** The oldest complete set; undefined: there is none, and nothing goes. */
  oldest: string | undefined;
  /** Of all that are there: complete, failed, or not to be trusted. */
  ids: ReadonlySet<string>;
  /** Those whose manifest holds. */
  sets: readonly Manifest[];
  /** There are sets whose manifest does not: nobody can say what they need. */
  unsure: boolean;
}

/** Pure. Sets expire oldest first: what is older than every kept one, and of none that is there, was of one that is gone. */
export const isExpendable = ({ oldest, ids }: Kept, id: string): boolean =>
  oldest !== undefined && id < oldest && !ids.has(id);

export async function readRows(of: SealOf, ctx: Ctx): Promise<{ store: ObjectStore; rows: SetRow[] }> {
  const store = await ctx.store(of.site.name);
  const now = new Date(ctx.clock.now());
  const publicKey = await readPublicKey(of.publicKey);
  const { rows } = await listSets(store, { site: of.site, publicKey, now, proven: () => undefined });
  return { store, rows };
}

export const isUnsure = (rows: readonly SetRow[]): boolean =>
  rows.some(({ problem, set }) => !set && problem?.code !== 'SET_INCOMPLETE');

/** Pure. */
export const keptOf = (rows: readonly SetRow[]): Kept => ({
  oldest: rows.filter(({ complete }) => complete).at(-1)?.id,
  ids: new Set(rows.map(({ id }) => id)),
  sets: rows.flatMap(({ set }) => set?.manifest ?? []),
  unsure: isUnsure(rows),
});

export async function readKept(of: SealOf, ctx: Ctx): Promise<Kept & { store: ObjectStore }> {
  const { store, rows } = await readRows(of, ctx);
  return { ...keptOf(rows), store };
}

/** Every object that a kept set names, so that none of them is removed whatever else is thought of it. */
export const neededKeys = ({ sets }: Kept): ReadonlySet<string> =>
  new Set(sets.flatMap(({ sources }) => sources.flatMap(({ artefacts }) => artefacts.map(({ key }) => key))));

/**
 * Carries out a part of an expiry, and looks whether a kept set lost something by it, by name and size. What was missing
 * before is the audit's matter. Errors: SET_ARTEFACT_MISSING, those of act.
 */
export async function withoutHoles(of: SealOf, ctx: Ctx, act: () => Promise<void>): Promise<void> {
  const before = new Set(await holes(of, ctx));
  await act();
  const details = (await holes(of, ctx)).filter(hole => !before.has(hole));
  if (details[0] === undefined) return;
  throw new OpsError('SET_ARTEFACT_MISSING', `cannot call the sets whole that did not expire: ${details[0]}`, {
    details: details.slice(0, 50),
  });
}

async function holes(of: SealOf, ctx: Ctx): Promise<string[]> {
  const { store, rows } = await readRows(of, ctx);
  const sets = rows.flatMap(({ set }) => set ?? []);
  const { missing, changed } = artefactsWrong(sets, await store.list(''));
  return [...missing, ...changed];
}
