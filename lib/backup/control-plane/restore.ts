import type { Change, Ctx, Decision, Step } from '../../engine/index.ts';
import { OpsError, oneLine } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { unseal } from '../cipher.ts';
import { openEscrow } from '../escrow/generations.ts';
import { type EscrowAt, readIdentity } from '../escrow/place.ts';
import type { PartOf } from '../set.ts';
import { DATASTORE, REPLACE } from './scripts.ts';
import { CIPHER, serverOf } from './take.ts';
import { readUids, strangers } from './uids.ts';

/** Whose key opens the copy: the living one may have been changed since. */
export interface CopyKeys {
  escrow: EscrowAt;
  /** The set's. */
  generation: number;
}

interface Seen {
  /** Why nothing could be read; then strangers says nothing. */
  silent?: string;
  strangers: string[];
}

/**
 * control-plane.restore: the cluster is the one of the copy, by its UIDs. In place only: a copy is bound to its token,
 * its nodes and its addresses. The datastore that was there stays beside it as state.db.before.
 */
export const controlPlaneRestore = (
  part: PartOf<'control-plane'>,
  into: Site,
  keys: CopyKeys,
): Step<{ copy: string }, Seen> => ({
  id: 'control-plane.restore',
  title: 'Bring the datastore of the control plane back',
  target: { site: into.name, kind: 'cluster', name: into.name },
  want: { copy: part.facts.copy },
  deadline: minutes(10),
  destroys: true,
  observe: ctx => look(part, into, ctx),
  decide: decideRestore,
  apply: (change, ctx) => ctx.effect(change, () => bringBack(part, into, keys, ctx)),
});

export function decideRestore(want: { copy: string } | undefined, seen: Seen): Decision {
  if (!want || (seen.silent === undefined && seen.strangers.length === 0))
    return { is: 'done', reason: 'the cluster is the one of the copy' };
  const from = seen.silent ?? `${seen.strangers.length} objects are others, as ${seen.strangers[0]}`;
  const change: Change = { action: 'replace', what: `the datastore by ${want.copy}`, from, grade: 'known' };
  return { is: 'changes', changes: [change] };
}

async function look({ facts }: PartOf<'control-plane'>, into: Site, ctx: Ctx): Promise<Seen> {
  try {
    return { strangers: strangers(facts.uids, await readUids(await ctx.cluster(into.name))) };
  } catch (error) {
    return { silent: oneLine(error), strangers: [] };
  }
}

/** Errors: SET_ARTEFACT_MISSING, ESCROW_ABSENT, KEY_MISSING, KEY_WRONG, STORE_*. */
async function open({ facts: { copy } }: PartOf<'control-plane'>, into: Site, keys: CopyKeys, ctx: Ctx) {
  const { escrow, generation } = keys;
  const [store, { secrets }] = await Promise.all([
    ctx.store(into.name),
    openEscrow(escrow, await readIdentity(escrow), generation),
  ]);
  const [sealed, key] = [await store.get(copy), secrets.get(CIPHER)];
  if (!sealed) throw new OpsError('SET_ARTEFACT_MISSING', `cannot restore ${copy}: the store does not have it`);
  if (!key)
    throw new OpsError('KEY_MISSING', `cannot open ${copy}: generation ${generation} of the escrow has no ${CIPHER}`);
  return unseal(sealed, key, copy);
}

async function bringBack(part: PartOf<'control-plane'>, into: Site, keys: CopyKeys, ctx: Ctx): Promise<void> {
  const content = await open(part, into, keys, ctx);
  const shell = await ctx.shell(serverOf(into));
  const path = `${DATASTORE}.copy.gz`;
  await shell.upload({ content }, path, { mode: 0o600, sudo: true, signal: ctx.signal });
  await shell.run({ script: REPLACE, args: [DATASTORE, path] }, { sudo: true, signal: ctx.signal });
  await ctx.wait({
    what: 'the cluster of the copy',
    deadline: minutes(4),
    every: 1000,
    hint: `on ${shell.host}: journalctl -u k3s -e`,
    probe: async () => {
      const { silent, strangers: others } = await look(part, into, ctx);
      if (silent === undefined && others.length === 0) return { value: true };
      return { saw: silent ?? `${others.length} objects are others, as ${others[0]}` };
    },
  });
}
