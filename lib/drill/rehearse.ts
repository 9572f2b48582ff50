import type { SealedSet } from '../backup/index.ts';
import { holdDrillBudget } from '../cost/index.ts';
import { OpsError, oneLine } from '../errors/index.ts';
import {
  forgetRehearsal,
  type InSession,
  inSession,
  lockRehearsal,
  newSetId,
  type OpenSite,
  openRehearsal,
  rehearsalSite,
  removeRehearsal,
  sweepRehearsal,
} from '../site/index.ts';
import { type Drilled, type DrillWant, isSound, lookAtSet, newestSet, writeDown } from './drill-site.ts';
import { evidenceDir } from './evidence.ts';
import { carryOut } from './run.ts';
import { openTimeline, systemBootTime, type Timeline } from './timeline.ts';

/**
 * Brings the scenario up on a second site beside the source, which runs on, and removes it again; the evidence is the
 * source's. One that was killed is removed by the next, and not gone on with. Errors: LOCK_HELD, DRILL_TARGET,
 * LEAK_FOUND (of an earlier one), INTERRUPTED.
 */
export async function rehearseSite(open: OpenSite, want: DrillWant): Promise<Drilled> {
  // Its target is a second site of the same size, for as long as a rebuild may take, and its removal.
  await holdDrillBudget(open.site, ((open.site.backup?.rto ?? 0) * 2) / 3_600_000);
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
      return await writeDown(open, want, { drill: { ...drill, target: named }, timeline, ended });
    const target = await openRehearsal(open, set.manifest.escrowGeneration);
    try {
      return await onTarget({ ...drill, target, set }, want, timeline, ended);
    } finally {
      await target.close();
    }
  } finally {
    await held.release();
  }
}

interface Begun {
  id: string;
  mode: 'rehearse';
  source: OpenSite;
  target: OpenSite;
  folder: string;
  set: SealedSet;
}

async function onTarget(drill: Begun, want: DrillWant, timeline: Timeline, before: Ended): Promise<Drilled> {
  const { source, target } = drill;
  await sweepRehearsal(target);
  const choices = { drill: drill.id, scenario: want.scenario.id, set: drill.set.manifest.id };
  const session = { choices, retain: true, confirmed: true };
  const { value, journal } = await inSession(target, 'drill', session, running =>
    carryOut(want.scenario, drill, timeline, { ...running, apply: onlyOn(target, running.apply) }),
  ).catch(async error => {
    await giveUp(target);
    throw error;
  });
  const left = await removeRehearsal(target).catch(error => [oneLine(error)]);
  const ended = { ...value, checks: [...before.checks, ...value.checks] };
  const under = { drill, timeline, ended, left, ...(journal !== undefined && { journal }) };
  const drilled = await writeDown(source, want, under);
  if (left.length === 0) await forgetRehearsal(target);
  return drilled;
}

/** Who interrupts waits five seconds and no longer: what is there is the next rehearsal's to remove. */
async function giveUp(target: OpenSite): Promise<void> {
  const left = target.signal.aborted ? ['it was interrupted'] : await removeRehearsal(target).catch(e => [oneLine(e)]);
  if (left.length === 0) return forgetRehearsal(target);
  const text = `${target.site.name} is still there (${left.join('; ')}): the next rehearsal removes it first`;
  target.emit({ type: 'notice', text });
}

type Ended = Awaited<ReturnType<typeof carryOut>>;

/** What a scenario composes wrongly must not meet the source, which lives. */
const onlyOn =
  ({ site }: OpenSite, apply: InSession['apply']): InSession['apply'] =>
  (steps, select) => {
    const astray = steps.find(({ target }) => target.site !== site.name);
    if (!astray) return apply(steps, select);
    throw new OpsError('DRILL_TARGET', `cannot rehearse: the step ${astray.id} is about ${astray.target.site}`);
  };
