import type { Change, Ctx, Decision, Need, ObjectStore, Step } from '../engine/index.ts';
import { minutes } from '../time/index.ts';
import { generations, removeGeneration } from './escrow/generations.ts';
import { isUnsure, readRows } from './kept.ts';
import type { SetRow } from './list.ts';
import type { SealOf } from './seal.ts';
import { KEYS } from './set.ts';
import { readSigner } from './sign.ts';
import type { SealedSet } from './source.ts';
import { isTombstone, writeTombstone } from './tombstone.ts';

export interface ExpireFacts {
  /** Complete sets, newest first. */
  complete: { id: string; generation: number }[];
  /** Generations that other sets name. */
  others: number[];
  /** Sets that were begun and never sealed, newest first. */
  failed: string[];
  /** There are sets whose manifest cannot be trusted: nobody can say which generation opens them. */
  unsure: boolean;
  /** Numbers that are in a place. */
  escrow: number[];
}

/**
 * set.expire: complete sets beyond `keep` go, what is left of backups that failed before the oldest kept one, and the
 * generations of the escrow that none is left to need. A signed tombstone stays. Only what is below sets/ is removed: what
 * the tools have of a set that is gone goes by postgres.expire and velero.expire.
 */
export function setExpireStep(of: SealOf, needs: readonly Need[]): Step<{ keep: number }, ExpireFacts> {
  const { name, backup } = of.site;
  const keep = backup?.keep ?? 1;
  return {
    id: 'set.expire',
    title: 'Let old sets expire',
    target: { site: name, kind: 'site', name },
    want: { keep },
    needs,
    deadline: minutes(10),
    observe: async ctx => expireFacts(of, (await readRows(of, ctx)).rows),
    decide: (_, facts) => decideExpire(keep, facts),
    apply: (change, ctx) => ctx.effect(change, () => expire(of, change, ctx)),
  };
}

async function expireFacts({ escrow }: SealOf, rows: readonly SetRow[]): Promise<ExpireFacts> {
  const sets = rows.flatMap(({ id, complete, set }) =>
    set ? [{ id, complete, generation: set.manifest.escrowGeneration }] : [],
  );
  return {
    complete: sets.filter(({ complete }) => complete).map(({ id, generation }) => ({ id, generation })),
    others: sets.filter(({ complete }) => !complete).map(({ generation }) => generation),
    failed: neverSealed(rows),
    unsure: isUnsure(rows),
    escrow: await generations(escrow),
  };
}

/** One that a later set names was sealed: its manifest is gone, and that is for a person to see. */
function neverSealed(rows: readonly SetRow[]): string[] {
  const named = new Set(rows.flatMap(({ set }) => set?.manifest.previous?.id ?? []));
  const failed = rows.filter(({ id, set, problem }) => !set && problem?.code === 'SET_INCOMPLETE' && !named.has(id));
  return failed.map(({ id }) => id);
}

/** The newest complete set is never among them: keep is at least 1. A set that is not whole counts for nothing, and stays. */
export function decideExpire(keep: number, { complete, others, failed, unsure, escrow }: ExpireFacts): Decision {
  const [kept, old] = [complete.slice(0, keep), complete.slice(keep)];
  const remove = (what: string): Change => ({ action: 'delete', what, grade: 'known' });
  const least = kept.length === keep ? (kept.at(-1)?.id ?? '') : '';
  const never = failed.filter(id => id < least).map(id => remove(`rest of set ${id}`));
  if (old.length === 0 && never.length > 0) return { is: 'changes', changes: never.reverse() };
  if (old.length === 0) return { is: 'done', reason: `${complete.length} of at most ${keep} complete sets` };
  const needed = new Set([...kept.map(({ generation }) => generation), ...others, ...escrow.slice(-1)]);
  const unneeded = [...new Set(old.map(({ generation }) => generation))]
    .filter(generation => !unsure && escrow.includes(generation) && !needed.has(generation))
    .sort((a, b) => a - b);
  // Oldest first, and its set before a generation: a set that is left can always be opened.
  const sets = old.map(({ id }) => remove(`set ${id}`)).reverse();
  // The generations go with the last set, which is removed after them: a killed run finds both again.
  return {
    is: 'changes',
    changes: [
      ...never.reverse(),
      ...sets.slice(0, -1),
      ...unneeded.map(n => remove(`escrow generation ${n}`)),
      ...sets.slice(-1),
    ],
  };
}

async function expire(of: SealOf, { what }: Change, ctx: Ctx): Promise<void> {
  const [, generation] = /^escrow generation (\d+)$/.exec(what) ?? [];
  if (generation !== undefined) return removeGeneration(of.escrow, Number(generation));
  const { store, rows } = await readRows(of, ctx);
  const failed = neverSealed(rows).find(id => what === `rest of set ${id}`);
  if (failed !== undefined) return store.remove((await store.list(`${KEYS.sets}${failed}/`)).map(({ key }) => key));
  const set = rows.find(({ id }) => what === `set ${id}`)?.set;
  if (set) await removeSet(store, set, ctx);
}

/** The manifest last: until then it is a set that a later run finds and expires. */
async function removeSet(store: ObjectStore, set: SealedSet, ctx: Ctx): Promise<void> {
  const { id } = set.manifest;
  await writeTombstone(store, set, new Date(ctx.clock.now()), await readSigner(ctx.secrets));
  const keys = (await store.list(`${KEYS.sets}${id}/`)).map(({ key }) => key).filter(key => !isTombstone(id, key));
  const last = [KEYS.manifest(id), KEYS.signature(id)];
  await store.remove(keys.filter(key => !last.includes(key)));
  // One after the other: a manifest that lost its signature would be one that was tampered with.
  for (const key of last) await store.remove([key]);
}
