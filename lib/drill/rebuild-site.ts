import { join } from 'node:path';
import { type EscrowAt, escrowAtHand, escrowOf, type SealedSet } from '../backup/index.ts';
import { momentOf } from '../backup/restore/index.ts';
import { holdBudget } from '../cost/index.ts';
import { OpsError } from '../errors/index.ts';
import { exists } from '../host/exists.ts';
import {
  chosenSet,
  type InSession,
  inSession,
  lendKeys,
  newSetId,
  type OpenSite,
  refuseLiving,
} from '../site/index.ts';
import { type Drilled, type DrillPlan, isSound, lookAtSet, planPhases, writeDown } from './drill-site.ts';
import { EVIDENCE, evidenceDir } from './evidence.ts';
import { type Begun, forgetBegun, readBegun, writeBegun } from './rebuild-begun.ts';
import { carryOut } from './run.ts';
import { siteRebuild } from './scenarios/site-rebuild.ts';
import { keepLoss, openTimeline, systemBootTime } from './timeline.ts';

export interface RebuildWant {
  /** Absent: the newest complete one, or the newest from which WAL leads to `at`. */
  set?: string;
  /** UTC; of the database. */
  at?: string;
}

/** What was settled before anything is made. */
interface Ready {
  /** One that was killed, or failed, and goes on. */
  left: Begun | undefined;
  escrow: EscrowAt;
  /** The site with the keys of its escrow, which reads. */
  lent: OpenSite;
  set: SealedSet;
  at?: string;
}

/**
 * Errors: BUDGET_EXCEEDED, COST_UNKNOWN; RESTORE_TARGET: it is not gone, or another rebuild is under way; ESCROW_ABSENT, KEY_*,
 * SET_*, STORE_*; USAGE.
 */
async function ready(open: OpenSite, want: RebuildWant): Promise<Ready> {
  await holdBudget(open.site, open.ports.clock.now());
  const left = await readBegun(open.dirs);
  refuseOther(open, left, want);
  if (!left) await refuseLiving(open);
  const escrow = await escrowAtHand(escrowOf(open.site));
  const lent = await lendKeys(open, escrow);
  const at = left ? left.at : want.at;
  const set = await chosenSet(lent, left ? { set: left.set } : want);
  return { left, escrow, lent, set, ...(at !== undefined && { at }) };
}

/** What goes on, goes on from the same set. */
function refuseOther({ site }: OpenSite, left: Begun | undefined, { set, at }: RebuildWant): void {
  if (!left || ((set ?? left.set) === left.set && (at ?? left.at) === left.at)) return;
  const from = `${left.set}${left.at === undefined ? '' : ` at ${left.at}`}`;
  const named = `--site ${site.name} --confirm=${site.name}`;
  throw new OpsError('RESTORE_TARGET', `cannot begin: a rebuild of ${site.name} from ${from} is not at its end`, {
    hint: `./muster rebuild ${named} goes on with it; to begin anew: ./muster destroy ${named}`,
  });
}

/**
 * A site that is gone comes back: the steps and the checks of the drill site-rebuild, without its loss. What is wrong with
 * the set is known before anything is made. Errors: those of `ready`; LOCK_HELD; INTERRUPTED.
 */
export async function rebuildSite(open: OpenSite, want: RebuildWant): Promise<Drilled> {
  const found = await ready(open, want);
  const { lent, set, at } = found;
  const choices = {
    drill: newSetId(open.ports.clock.now()),
    set: set.manifest.id,
    ...(at !== undefined && { at }),
  };
  try {
    const session = { choices, retain: true, confirmed: true };
    const { value, journal } = await inSession(open, 'rebuild', session, running => carryOn(open, found, running));
    const how = { scenario: siteRebuild, mode: 'rebuild' as const, trigger: 'person' as const };
    return await writeDown(open, how, { ...value, ...(journal !== undefined && { journal }) });
  } finally {
    await lent.close();
  }
}

async function carryOn(open: OpenSite, { left, lent, escrow, at, ...found }: Ready, running: InSession) {
  const { state } = open.dirs;
  const id = await nextId(open, left, running);
  const folder = evidenceDir(state, id);
  const timeline = await openTimeline(folder, open.ports.clock, await systemBootTime());
  const { set, ended: before } = await lookAtSet(lent, found.set.manifest.id, timeline, { escrow, anyAge: true });
  const moment = at !== undefined && { at: momentOf(at) };
  const drill = { id, mode: 'rebuild' as const, source: open, target: open, set, folder, escrow, ...moment };
  if (!set || !isSound(before)) return { drill, timeline, ended: before };
  // Again: now nobody else can make something of it.
  if (!left) await refuseLiving(open);
  await writeBegun(open.dirs, { id, set: set.manifest.id, ...(at !== undefined && { at }) });
  const ended = await carryOut(siteRebuild, { ...drill, set }, timeline, running);
  if (timeline.marks().some(({ mark }) => mark === 't8')) await forgetBegun(open.dirs);
  return { drill, timeline, ended: { ...ended, checks: [...before.checks, ...ended.checks] } };
}

/** One that was killed keeps its id; one that failed has its evidence sealed, and goes on under another, with its t0. */
async function nextId({ dirs }: OpenSite, left: Begun | undefined, { run }: InSession): Promise<string> {
  const id = run.choices.drill ?? run.id;
  if (!left || left.id === id) return id;
  const old = evidenceDir(dirs.state, left.id);
  if (!(await exists(join(old, EVIDENCE.report)))) return left.id;
  await keepLoss(old, evidenceDir(dirs.state, id));
  return id;
}

/** What a dry run shows. Reads the escrow and the store, and nothing else. */
export async function planRebuild(open: OpenSite, want: RebuildWant): Promise<DrillPlan> {
  const { lent, set, escrow, at } = await ready(open, want);
  const id = newSetId(open.ports.clock.now());
  const t0 = new Date(open.ports.clock.now());
  const place = { id, source: lent, target: lent, folder: evidenceDir(open.dirs.state, id) };
  try {
    return await planPhases(siteRebuild, {
      ...place,
      mode: 'rebuild',
      set,
      t0,
      escrow,
      ...(at !== undefined && { at: momentOf(at) }),
    });
  } finally {
    await lent.close();
  }
}
