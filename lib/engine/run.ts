import { OpsError } from '../errors/index.ts';
import { type Duration, formatDuration } from '../time/index.ts';
import { type Gate, type RunEnv, stepContext } from './context.ts';
import { stepKey } from './order.ts';
import { makePlan, type Plan } from './plan.ts';
import type { AnyStep, Change, Ctx, Decision } from './types.ts';

export interface Summary {
  /** Steps that changed something, by key. */
  changed: string[];
  unchanged: number;
  ms: Duration;
}

/**
 * Plans, then applies what the plan wants, side by side up to the limit. A step that failed stops what needs it and
 * nothing else: one dead host costs only itself. Errors: the first failure, the others as its details.
 */
export async function runSteps(
  steps: readonly AnyStep[],
  env: RunEnv,
  gate: Gate,
  select?: (step: AnyStep) => boolean,
): Promise<Summary> {
  const start = env.ports.clock.monotonic();
  const plan = await makePlan(steps, env, select);
  const changed: string[] = [];
  const failures = await schedule(plan, env, async step => {
    if (await runStep(step, plan, changed.length > 0, env, gate)) changed.push(stepKey(step));
  });
  if (env.signal.aborted) throw interrupted(env.signal.reason);
  if (failures.length > 0) throw summed(failures);
  return { changed, unchanged: plan.items.length - changed.length, ms: env.ports.clock.monotonic() - start };
}

interface Failure {
  step: AnyStep;
  error: unknown;
}

/** Starts each step when its needs are met; resolves with the failures once nothing runs any more. */
async function schedule(plan: Plan, env: RunEnv, act: (step: AnyStep) => Promise<void>): Promise<Failure[]> {
  const state = new Map<AnyStep, 'running' | 'done' | 'failed'>();
  const failures: Failure[] = [];
  const running = new Set<Promise<void>>();
  const ready = (step: AnyStep) =>
    !state.has(step) &&
    (plan.needs.get(step) ?? []).every(need => state.get(need) === 'done') &&
    !full(step, state, env.limit);
  while (true) {
    for (const { step } of plan.items) {
      if (env.signal.aborted || !ready(step)) continue;
      state.set(step, 'running');
      const task = act(step)
        .then(() => void state.set(step, 'done'))
        .catch(error => {
          state.set(step, 'failed');
          failures.push({ step, error });
          env.emit({ type: 'failed', step, error });
        })
        .finally(() => running.delete(task));
      running.add(task);
    }
    if (running.size === 0) return failures;
    await Promise.race(running);
  }
}

function full(step: AnyStep, state: Map<AnyStep, string>, limit: number): boolean {
  const running = [...state].filter(([, is]) => is === 'running').map(([other]) => other);
  const same = running.filter(other => other.id === step.id).length;
  return running.length >= limit || same >= (step.serial ?? limit);
}

/** true: it changed something. The plan's `done` holds as long as nothing was changed since. */
async function runStep(step: AnyStep, plan: Plan, stale: boolean, env: RunEnv, gate: Gate): Promise<boolean> {
  const start = env.ports.clock.monotonic();
  const finish = (changed: number, reason: string) =>
    env.emit({ type: 'done', step, ms: env.ports.clock.monotonic() - start, changed, reason });
  const planned = plan.items.find(item => item.step === step)?.decision;
  if (planned?.is === 'done' && !stale) {
    finish(0, planned.reason);
    return false;
  }
  return withDeadline(step, env, async signal => {
    const ctx = stepContext(step, env, gate, signal);
    const before = await decideNow(step, ctx, env);
    if (before.is === 'done') {
      finish(0, before.reason);
      return false;
    }
    refuseUnconfirmed(step, before.changes, env);
    for (const change of before.changes) await step.apply(change, ctx);
    const after = await decideNow(step, ctx, env);
    if (after.is !== 'done')
      throw unverified(
        step,
        after.changes.map(({ action, what }) => `${action} ${what}`),
      );
    finish(before.changes.length, after.reason);
    return true;
  });
}

/** Errors: CONFIRM_MISSING: what cannot be made again, or not be taken back, is for somebody who typed the site's name. */
function refuseUnconfirmed(step: AnyStep, changes: readonly Change[], env: RunEnv): void {
  const { site, verb } = env.run;
  const binding = changes.find(({ forever }) => forever);
  if (binding && !env.confirmed) {
    const what = [binding.action, binding.what, binding.to].filter(Boolean).join(' ');
    throw new OpsError('CONFIRM_MISSING', `cannot ${what}: nobody can take it back, and it was not confirmed`, {
      hint: `./muster ${verb} --site ${site} --confirm=${site}`,
    });
  }
  const lost = changes.find(({ action }) => action === 'delete' || action === 'replace');
  if (!step.destroys || !lost || env.confirmed) return;
  throw new OpsError('CONFIRM_MISSING', `cannot ${lost.action} ${lost.what}: it loses data, and was not confirmed`, {
    hint: `./muster destroy --site ${site} --confirm=${site}`,
  });
}

/** Errors: STEP_UNKNOWN: what cannot be told is neither done nor to be changed. */
async function decideNow(step: AnyStep, ctx: Ctx, env: RunEnv): Promise<Exclude<Decision, { is: 'unknown' }>> {
  env.emit({ type: 'observing', step });
  const decision = step.decide(step.want, await step.observe(ctx));
  env.emit({ type: 'decided', step, decision });
  if (decision.is === 'unknown')
    throw new OpsError('STEP_UNKNOWN', `cannot tell about ${stepKey(step)}: ${decision.reason}`);
  return decision;
}

async function withDeadline<T>(step: AnyStep, env: RunEnv, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = step.deadline * env.pace;
  const timer = new AbortController();
  const handle = setTimeout(() => timer.abort(late(step, deadline)), deadline);
  const signal = AbortSignal.any([env.signal, timer.signal]);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([act(signal), aborted]);
  } finally {
    clearTimeout(handle);
    aborted.catch(() => undefined);
  }
}

const late = (step: AnyStep, deadline: Duration) =>
  new OpsError('STEP_DEADLINE', `cannot finish ${stepKey(step)} within ${formatDuration(deadline)}`);

const unverified = (step: AnyStep, wanted: string[]) =>
  new OpsError('STEP_UNVERIFIED', `cannot see the effect of ${stepKey(step)}: it still wants to ${wanted.join(', ')}`);

export const interrupted = (reason: unknown): OpsError =>
  reason instanceof OpsError
    ? reason
    : new OpsError('INTERRUPTED', 'cannot go on: the run was stopped', { cause: reason });

/** One error to end with. Its code is that of the worst: failed before unknown. */
function summed(failures: Failure[]): OpsError {
  const wrap = ({ step, error }: Failure) => ({
    step,
    error: error instanceof OpsError ? error : internal(step, error),
  });
  const all = failures.map(wrap).sort((a, b) => a.error.exit - b.error.exit);
  const first = all[0]?.error ?? internal(undefined, 'no failure');
  if (all.length === 1) return first;
  const details = [
    ...first.details,
    ...all.slice(1).map(({ step, error }) => `also ${stepKey(step)}: ${error.message}`),
  ];
  return new OpsError(first.code, first.message, { hint: first.hint, details, cause: first.cause ?? first });
}

const internal = (step: AnyStep | undefined, cause: unknown) =>
  new OpsError(
    'INTERNAL',
    `cannot finish ${step ? stepKey(step) : 'the run'}: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
