import { asOpsError } from '../errors/index.ts';
import { type Duration, wait } from '../time/index.ts';
import type { Begin, Journal } from './journal.ts';
import { hashWant, stepKey, targetName } from './order.ts';
import type { AnyStep, Change, Ctx, Emit, Ports, Run } from './types.ts';

/** One run's surroundings. */
export interface RunEnv {
  run: Run;
  ports: Ports;
  signal: AbortSignal;
  emit: Emit;
  /** Deadlines are multiplied by it: emulation is slow. */
  pace: number;
  /** Steps side by side. */
  limit: number;
  /** The site's name was typed: steps that destroy may delete. */
  confirmed?: boolean;
  /** Effects of a killed run of which no end is known. */
  open?: readonly Begin[];
}

/** Opens the journal at the first effect, so that a run without one leaves nothing. Closed gate: undefined. */
export interface Gate {
  /** Before every effect: the lock is still ours. Errors: LOCK_LOST, STORE_UNREACHABLE. */
  check(): Promise<void>;
  journal(): Promise<Journal>;
  /** The number of the next effect. */
  next(): number;
  /** Keys of the steps that began to create something in this run, in that order. */
  created(): string[];
  /** Called by ctx.effect. */
  creates(step: string): void;
}

/** What one step sees. `gate` undefined is a dry run: an effect is then a defect of the step. */
export function stepContext(step: AnyStep, env: RunEnv, gate: Gate | undefined, signal: AbortSignal): Ctx {
  const { ports, emit } = env;
  return {
    target: step.target,
    run: env.run,
    signal,
    clock: ports.clock,
    secrets: ports.secrets,
    effect: (change, act) => effect(step, change, act, env, gate, signal),
    wait: spec =>
      wait(
        { ...spec, deadline: spec.deadline * env.pace },
        { clock: ports.clock, signal, onSaw: (what, saw, ms) => emit({ type: 'waiting', step, what, saw, ms }) },
      ),
    unfinished: change => begun(step, change, env.open ?? []),
    facts: (host, probe) => ports.facts.ask(host, probe),
    shell: host => ports.shell(host),
    cluster: site => ports.cluster(site),
    store: site => ports.store(site),
    progress: text => emit({ type: 'progress', step, text }),
  };
}

const begun = (step: AnyStep, { what }: Change, open: readonly Begin[]): boolean =>
  open.some(entry => entry.step === step.id && entry.target === targetName(step.target) && entry.change.what === what);

/** The one gate: no effect without its intent on the disk, and none forgotten by the facts. */
async function effect<T>(
  step: AnyStep,
  change: Change,
  act: () => Promise<T>,
  env: RunEnv,
  gate: Gate | undefined,
  signal: AbortSignal,
): Promise<T> {
  if (!gate) throw new Error(`${step.id} tried an effect outside apply: ${change.what}`);
  signal.throwIfAborted();
  const { clock, facts } = env.ports;
  await gate.check();
  const journal = await gate.journal();
  const n = gate.next();
  const at = () => new Date(clock.now()).toISOString();
  const start = clock.monotonic();
  if (change.action === 'create') gate.creates(stepKey(step));
  await journal.append({
    t: 'begin',
    n,
    at: at(),
    step: step.id,
    target: targetName(step.target),
    want: hashWant(step.want),
    change: shown(change),
  });
  env.emit({ type: 'begin', step, change });
  try {
    const value = await act();
    const ms: Duration = clock.monotonic() - start;
    await journal.append({ t: 'end', n, at: at(), ms: Math.round(ms) });
    env.emit({ type: 'end', step, change, ms });
    return value;
  } catch (error) {
    await journal.append({ t: 'failed', n, at: at(), code: asOpsError(error).code });
    throw error;
  } finally {
    if (step.target.kind === 'host') facts.forget(step.target.name);
    else if (step.target.kind === 'site') facts.forget();
  }
}

/** As a change may be written down or shown. */
export const shown = (change: Change): Change =>
  change.secret
    ? { ...change, ...(change.from !== undefined && { from: '***' }), ...(change.to !== undefined && { to: '***' }) }
    : change;
