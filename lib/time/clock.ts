import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds. */
export type Duration = number;
export const seconds = (n: number): Duration => n * 1000;
export const minutes = (n: number): Duration => n * 60_000;
export const hours = (n: number): Duration => n * 3_600_000;

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

/** '850 ms', '12.3 s', '4 min 05 s', '3 h 07 min', '12 d 4 h'. */
export function formatDuration(ms: Duration): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  if (whole < 3600) return inTwo(whole, 60, 'min', 's');
  const rounded = Math.round(whole / 60);
  return rounded < 48 * 60
    ? inTwo(rounded, 60, 'h', 'min')
    : `${Math.floor(rounded / 1440)} d ${Math.floor((rounded % 1440) / 60)} h`;
}

const inTwo = (small: number, ratio: number, big: string, unit: string): string =>
  `${Math.floor(small / ratio)} ${big} ${String(small % ratio).padStart(2, '0')} ${unit}`;
