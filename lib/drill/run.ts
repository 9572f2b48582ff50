import type { CheckResult } from '../backup/check.ts';
import { OpsError } from '../errors/index.ts';
import type { InSession, OpenSite } from '../site/index.ts';
import type { RpoOfSource } from './report.ts';
import type { Drill, Phase, Scenario } from './scenario.ts';
import type { Timeline } from './timeline.ts';

/** What a drill has seen when it ended, however it ended. */
export interface Ended {
  checks: CheckResult[];
  rpo: readonly RpoOfSource[];
  /** What ended it early. */
  error?: unknown;
}

/**
 * Carries a scenario out: phase by phase under the marks of the timeline, then its checks. What ends it early is part
 * of what was seen: a drill that fails has a report too. Errors: none but INTERRUPTED.
 */
export async function carryOut(
  scenario: Scenario,
  begun: Omit<Drill, 't0'>,
  timeline: Timeline,
  session: InSession,
): Promise<Ended> {
  const seen: Ended = { checks: [], rpo: [] };
  try {
    const t0 = await timeline.mark('t0');
    const drill: Drill = { ...begun, t0: new Date(t0.at) };
    for (const phase of await scenario.phases(drill)) await carryOutPhase(phase, timeline, session, drill.target, seen);
    seen.checks.push(...(await scenario.checks(drill)));
    await timeline.mark('t8');
    seen.rpo = await scenario.rpo(drill, t0);
    seen.checks.push(...(await scenario.after(drill, session)));
  } catch (error) {
    if (begun.target.signal.aborted) throw error;
    seen.error = error;
  }
  return seen;
}

/** A phase whose end was reached is not begun again by a drill that goes on: what was lost is lost once. */
async function carryOutPhase(
  phase: Phase,
  timeline: Timeline,
  { apply }: InSession,
  site: OpenSite,
  seen: Ended,
): Promise<void> {
  if (phase.end && timeline.marks().some(({ mark }) => mark === phase.end)) return;
  site.emit({ type: 'notice', text: phase.name });
  await apply(await phase.steps(), phase.select);
  if (phase.end) await timeline.mark(phase.end);
  if (!phase.prove) return;
  const proven = await phase.prove();
  seen.checks.push(...proven);
  const open = proven.find(({ required, state }) => required && state !== 'passed');
  if (open) throw new OpsError(open.code ?? 'CHECK_UNRUN', `cannot go on after ${phase.name}: ${open.got}`);
}
