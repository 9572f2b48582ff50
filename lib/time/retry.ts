import { OpsError, oneLine } from '../errors/index.ts';
import { type Clock, type Duration, formatDuration } from './clock.ts';

export interface Retry {
  /** Completes "cannot ...". */
  what: string;
  attempts: number;
  /** Bound of the whole, sleeps included. */
  total: Duration;
  /** First pause; doubles each time, with full jitter. */
  base?: Duration;
  cap?: Duration;
  /** Only these errors are tried again; everything else is thrown at once. */
  on(error: unknown): boolean;
}

export interface RetryContext {
  clock: Clock;
  signal: AbortSignal;
  /** 0 <= x < 1. */
  random(): number;
}

/** Bounded in attempts and total time; no sleep after the last. Errors: RETRY_EXHAUSTED with the last error as cause. */
export async function retry<T>(spec: Retry, act: (attempt: number) => Promise<T>, context: RetryContext): Promise<T> {
  const { clock, signal, random } = context;
  const start = clock.monotonic();
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await act(attempt);
    } catch (error) {
      if (!spec.on(error)) throw error;
      const pause = random() * Math.min(spec.cap ?? 20_000, (spec.base ?? 200) * 2 ** (attempt - 1));
      const spent = clock.monotonic() - start;
      if (attempt >= spec.attempts || spent + pause > spec.total) throw exhausted(spec, attempt, spent, error);
      await clock.sleep(pause, signal);
    }
  }
}

const exhausted = (spec: Retry, attempts: number, spent: Duration, cause: unknown) =>
  new OpsError(
    'RETRY_EXHAUSTED',
    `cannot ${spec.what}: ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} in ${formatDuration(spent)}, the last: ${oneLine(cause)}`,
    { cause },
  );
