import { OpsError } from '../errors/index.ts';
import { type Clock, type Duration, formatDuration } from './clock.ts';

/** One look at what is waited for: it is there, or this is what was seen instead. */
export type Seen<T> = { value: T } | { saw: string };

export interface Wait<T> {
  /** Completes "waiting for ...". */
  what: string;
  deadline: Duration;
  /** Pause between looks; 500 ms when absent. A look that takes long is followed by a longer one. */
  every?: Duration;
  /** What to type when time runs out. */
  hint: string;
  /** Reads only. What it throws ends the wait at once: a machine that died will not come up later. */
  probe(signal: AbortSignal): Promise<Seen<T>>;
}

export interface WaitContext {
  clock: Clock;
  signal: AbortSignal;
  /** Called with every new observation. */
  onSaw?(what: string, saw: string, elapsed: Duration): void;
}

/** Of a look: so that looking takes a quarter of the time at most, and what is slow is not made slower by it. */
const REST = 3;
/** Longer than this nothing that has come is left waiting for the next look. */
const LONGEST_REST = 2000;

/** The one wait. Errors: WAIT_TIMEOUT with the last observation; the signal's reason when cancelled. */
export async function wait<T>(spec: Wait<T>, { clock, signal, onSaw }: WaitContext): Promise<T> {
  const start = clock.monotonic();
  const elapsed = () => clock.monotonic() - start;
  let saw = 'nothing yet';
  while (true) {
    signal.throwIfAborted();
    const left = spec.deadline - elapsed();
    if (left <= 0) throw timeout(spec, saw);
    const before = elapsed();
    const seen = await look(spec, left, signal);
    if ('value' in seen) return seen.value;
    saw = seen.saw;
    onSaw?.(spec.what, saw, elapsed());
    const rest = Math.min(REST * (elapsed() - before), LONGEST_REST);
    await clock.sleep(Math.min(Math.max(spec.every ?? 500, rest), Math.max(0, spec.deadline - elapsed())), signal);
  }
}

/** A probe that hangs must not outlive the deadline: it gets a signal of its own, and a hang is an observation. */
async function look<T>(spec: Wait<T>, left: Duration, signal: AbortSignal): Promise<Seen<T>> {
  const timer = new AbortController();
  const handle = setTimeout(() => timer.abort(new Error('deadline')), left);
  const either = AbortSignal.any([signal, timer.signal]);
  try {
    return await Promise.race([
      spec.probe(either),
      new Promise<never>((_, reject) => either.addEventListener('abort', () => reject(either.reason), { once: true })),
    ]);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (timer.signal.aborted) return { saw: 'a probe that did not answer' };
    throw error;
  } finally {
    clearTimeout(handle);
  }
}

const timeout = (spec: Wait<unknown>, saw: string) =>
  new OpsError('WAIT_TIMEOUT', `cannot see ${spec.what} after ${formatDuration(spec.deadline)}; last seen: ${saw}`, {
    hint: spec.hint,
  });
