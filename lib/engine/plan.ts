import { OpsError, oneLine } from '../errors/index.ts';
import { type RunEnv, shown, stepContext } from './context.ts';
import { ofOneMoment } from './moment.ts';
import { orderSteps, stepKey } from './order.ts';
import type { AnyStep, Change, Decision } from './types.ts';

export interface PlanItem {
  step: AnyStep;
  decision: Decision;
  /** Set when the step could not be observed, with what it threw. */
  error?: unknown;
}

export interface Plan {
  /** In the order of their needs; printing it is stable. */
  items: PlanItem[];
  needs: Map<AnyStep, AnyStep[]>;
  changes: number;
  /** Steps of which nothing can be said though nothing before them is open. */
  unknown: number;
}

/** Whether the plan says something of every step, if only what it would be should nothing be there. */
export const saysAll = (plan: Plan): boolean =>
  plan.items.every(({ decision }) => decision.is !== 'unknown' || decision.likely !== undefined);

/**
 * Observes everything at once and decides. Effects: none.
 * A step whose needs are open cannot be observed in earnest yet: its changes are predicted, or unknown.
 */
export async function makePlan(
  steps: readonly AnyStep[],
  env: RunEnv,
  select?: (step: AnyStep) => boolean,
): Promise<Plan> {
  const ordered = orderSteps(steps, select);
  const still = { ...env, ports: ofOneMoment(env.ports) };
  const seen = new Map(await Promise.all(ordered.steps.map(async step => [step, await observe(step, still)] as const)));
  env.signal.throwIfAborted();
  const items: PlanItem[] = [];
  const open = new Set<AnyStep>();
  for (const step of ordered.steps) {
    const waitsFor = (ordered.needs.get(step) ?? []).find(need => open.has(need));
    const item = settle(step, seen.get(step) ?? {}, waitsFor);
    if (item.decision.is !== 'done') open.add(step);
    env.emit({ type: 'decided', step, decision: item.decision });
    items.push(item);
  }
  const count = (is: Decision['is']) => items.filter(item => item.decision.is === is);
  const changes = count('changes').reduce(
    (sum, { decision }) => sum + (decision.is === 'changes' ? decision.changes.length : 0),
    0,
  );
  return { items, needs: ordered.needs, changes, unknown: count('unknown').length };
}

interface Observed {
  decision?: Decision;
  error?: unknown;
}

async function observe(step: AnyStep, env: RunEnv): Promise<Observed> {
  env.emit({ type: 'observing', step });
  try {
    const signal = AbortSignal.any([env.signal, AbortSignal.timeout(step.deadline * env.pace)]);
    return { decision: step.decide(step.want, await step.observe(stepContext(step, env, undefined, signal))) };
  } catch (error) {
    return { error };
  }
}

function settle(step: AnyStep, observed: Observed, waitsFor: AnyStep | undefined): PlanItem {
  const { decision, error } = observed;
  if (!waitsFor) {
    if (decision) return { step, decision };
    return { step, decision: { is: 'unknown', reason: oneLine(error) }, error };
  }
  if (decision?.is === 'changes') return { step, decision: { ...decision, changes: decision.changes.map(predicted) } };
  if (decision?.is === 'done' || (decision?.is === 'unknown' && decision.likely)) return { step, decision };
  const change: Change = { action: 'run', what: step.title, grade: 'unknown' };
  return { step, decision: { is: 'changes', changes: [change] } };
}

const predicted = (change: Change): Change => (change.grade === 'known' ? { ...change, grade: 'predicted' } : change);

/** Data for --json and for comparing two plans. */
export const planData = (plan: Plan) =>
  plan.items.map(({ step, decision }) => ({
    step: stepKey(step),
    title: step.title,
    ...(decision.is === 'changes' ? { is: decision.is, changes: decision.changes.map(shown) } : decision),
  }));

/** Errors: STEP_UNKNOWN, naming the first step of which nothing can be said. */
export function refuseUnknown(plan: Plan): void {
  const item = plan.items.find(({ decision }) => decision.is === 'unknown');
  if (item?.decision.is !== 'unknown') return;
  if (item.error instanceof OpsError) throw item.error;
  throw new OpsError('STEP_UNKNOWN', `cannot tell about ${stepKey(item.step)}: ${item.decision.reason}`, {
    cause: item.error,
  });
}
