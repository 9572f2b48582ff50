import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SealedSet } from '../backup/index.ts';
import { makeScratch, removeScratch, type ScratchOf } from '../backup/store/scratch.ts';
import { holdDrillBudget } from '../cost/index.ts';
import { oneLine } from '../errors/index.ts';
import {
  forgetRehearsal,
  lockRehearsal,
  newSetId,
  type OpenSite,
  openRehearsal,
  refuseStale,
  rehearsalSite,
  removeRehearsal,
  sweepRehearsal,
} from '../site/index.ts';
import type { Keys } from '../store/index.ts';
import { besideFolder, carryOutBeside } from './beside.ts';
import { type Drilled, type DrillWant, isSound, lookAtSet, newestSet, writeDown } from './drill-site.ts';
import { evidenceDir } from './evidence.ts';
import { asSeenBy } from './from-replica.ts';
import { enterIsolation } from './isolation/enter.ts';
import { type Isolation, planIsolation } from './isolation/isolate.ts';
import type { Rehearsed } from './isolation/wire.ts';
import { neighbourOf } from './neighbour.ts';
import type { Ended } from './run.ts';
import { MARKS_FILE, openTimeline, systemBootTime } from './timeline.ts';

/**
 * Brings the scenario up on a second site beside the source, which runs on, and removes it again; the evidence is the
 * source's. One that was killed is removed by the next, and not gone on with. Errors: LOCK_HELD, SECRETS_STALE, DRILL_TARGET,
 * LEAK_FOUND (of an earlier one), INTERRUPTED.
 */
export async function rehearseSite(caller: OpenSite, want: DrillWant): Promise<Drilled> {
  const open = await asSeenBy(want.scenario, caller);
  return rehearse(open, want).finally(open.close);
}

async function rehearse(open: OpenSite, want: DrillWant): Promise<Drilled> {
  // Its target is a second site of the same size, for as long as a rebuild may take, and its removal.
  const hours = ((open.site.backup?.rto ?? 0) * 2) / 3_600_000;
  const second = { ...rehearsalSite(open.site), name: open.site.name };
  await holdDrillBudget(second, hours, open.ports.clock.now());
  // Its report would be signed by the signer of before. What asks nothing of the store cannot tell.
  if (want.scenario.from === undefined) await refuseStale(open, 'rehearse');
  const held = await lockRehearsal(open);
  try {
    const { clock } = open.ports;
    const id = newSetId(clock.now());
    const folder = evidenceDir(open.dirs.state, id);
    const timeline = await openTimeline(folder, clock, await systemBootTime());
    const { set, ended } = await lookAtSet(open, want.set ?? (await newestSet(open, want.trigger)), timeline);
    const drill = { id, mode: 'rehearse' as const, source: open, folder, set };
    const named = { site: rehearsalSite(open.site), provider: open.provider };
    if (!set || !isSound(ended))
      return await writeDown(open, want, { drill: { ...drill, target: named }, timeline, ended, notTried: BESIDE });
    const target = await openRehearsal(open, set.manifest.escrowGeneration);
    try {
      return await onTarget({ ...drill, target, set }, want, ended);
    } finally {
      await target.close();
    }
  } finally {
    await held.release();
  }
}

const BESIDE = [
  'That the site can be replaced where it stands: this was a rehearsal beside it, under other addresses.',
];

interface Begun {
  id: string;
  mode: 'rehearse';
  source: OpenSite;
  target: OpenSite;
  folder: string;
  set: SealedSet;
}

async function onTarget(drill: Begun, want: DrillWant, before: Ended): Promise<Drilled> {
  const { source, target, folder } = drill;
  await sweep(drill);
  const isolation = await planned(drill);
  const { ended, journal } = await carriedOut(drill, want, isolation).catch(async error => {
    await giveUp(drill);
    throw error;
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // None: it ended before the loss was declared.
  await copyFile(join(besideFolder(target.dirs.state), MARKS_FILE), join(folder, MARKS_FILE)).catch(() => undefined);
  const timeline = await openTimeline(folder, source.ports.clock, await systemBootTime());
  const all = { ...ended, checks: [...before.checks, ...ended.checks] };
  const left = await removed(drill);
  const under = {
    drill,
    timeline,
    ended: all,
    left,
    notTried: [...BESIDE, ...untried(isolation)],
    ...(journal !== undefined && { journal }),
  };
  const drilled = await writeDown(source, want, under);
  if (left.length === 0) await forgetRehearsal(target);
  return drilled;
}

/** Errors: DRILL_TARGET. */
async function planned({ source, target }: Begun): Promise<Isolation> {
  await mkdir(target.dirs.state, { recursive: true, mode: 0o700 });
  const isolation = await planIsolation(source, target).catch(async error => {
    await forgetRehearsal(target);
    throw error;
  });
  for (const text of isolation.is === 'able' ? untried(isolation) : [`not isolated: ${isolation.why}`])
    source.emit({ type: 'notice', text });
  return isolation;
}

async function carriedOut(drill: Begun, want: DrillWant, isolation: Isolation): Promise<Rehearsed> {
  const { id, source, target, set } = drill;
  const beside = await neighbourOf(source);
  const { name, identity } = source.site;
  const about = {
    ...{ drill: id, scenario: want.scenario.id, site: name, set: set.manifest.id, beside },
    ...(identity !== undefined && { identity }),
  };
  const scratch = await scratchKeys(drill);
  if (isolation.is === 'unable') return carryOutBeside({ ...about, isolation }, scratch, source);
  return enterIsolation({ open: source, order: { ...about, isolation }, scratch, state: target.dirs.state });
}

/** Without them a rehearsal proves all but the last step, and says so. */
async function scratchKeys(drill: Begun): Promise<Keys | undefined> {
  const { source } = drill;
  try {
    return await makeScratch(scratchOf(drill), storeEnv(source));
  } catch (error) {
    source.signal.throwIfAborted();
    source.emit({ type: 'notice', text: `no bucket for the next backup: ${oneLine(error)}` });
    return undefined;
  }
}

const scratchOf = ({ source, target }: Begun): ScratchOf => ({
  source: source.site,
  into: target.site,
  dirs: source.dirs,
});
const storeEnv = ({ ports, signal }: OpenSite) => ({ clock: ports.clock, signal, random: Math.random });

/** What a rehearsal that was killed left. Errors: LEAK_FOUND, LEAK_UNKNOWN, STORE_*. */
async function sweep(drill: Begun): Promise<void> {
  await sweepRehearsal(drill.target);
  await removeScratch(scratchOf(drill), storeEnv(drill.source));
}

/** All of it, journals left; what is still there. */
async function removed(drill: Begun): Promise<string[]> {
  const [site, bucket] = await Promise.all([
    removeRehearsal(drill.target).catch(error => [oneLine(error)]),
    removeScratch(scratchOf(drill), storeEnv(drill.source)).then(
      () => [],
      error => [`bucket of the next backup: ${oneLine(error)}`],
    ),
  ]);
  return [...site, ...bucket];
}

/** Who interrupts waits five seconds and no longer: what is there is the next rehearsal's to remove. */
async function giveUp(drill: Begun): Promise<void> {
  const { target } = drill;
  const left = target.signal.aborted ? ['it was interrupted'] : await removed(drill);
  if (left.length === 0) return forgetRehearsal(target);
  const text = `${target.site.name} is still there (${left.join('; ')}): the next rehearsal removes it first`;
  target.emit({ type: 'notice', text });
}

/** What is not in the commit was not there. */
function untried(isolation: Isolation): string[] {
  if (isolation.is === 'unable' || isolation.uncommitted.length === 0) return [];
  const { commit, uncommitted } = isolation;
  const named = `${uncommitted.slice(0, 5).join(', ')}${uncommitted.length > 5 ? ' ...' : ''}`;
  return [
    `Changes of this checkout that are not committed (${named}): the commit ${commit.slice(0, 12)} was rehearsed.`,
  ];
}
