import type { Clock } from '../../lib/time/index.ts';

/** A clock that stands until it is moved. Milliseconds. */
export function standingClock(): Clock & { move(ms: number): void } {
  let now = 1_000_000;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: () => Promise.reject(new Error('nothing sleeps in this test')),
    move: ms => {
      now += ms;
    },
  };
}
