import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds. */
export type Duration = number;
export const seconds = (n: number): Duration => n * 1000;
export const minutes = (n: number): Duration => n * 60_000;

/** Passed in everywhere, so that tests own the time. */
export interface Clock {
  /** UTC, milliseconds since 1970: for records. */
  now(): number;
  /** Milliseconds on a clock that never goes back: for spans. */
  monotonic(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: Duration, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    delay(ms, undefined, signal ? { signal } : {}).catch(error => {
      throw signal?.aborted ? signal.reason : error;
    }),
};

/** '850 ms', '12.3 s', '4 min 05 s'. */
export function formatDuration(ms: Duration): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}
