/** Time: clock, the one wait, retry. */
export { type Clock, type Duration, formatDuration, hours, minutes, seconds, systemClock } from './clock.ts';
export { type Retry, type RetryContext, retry } from './retry.ts';
export { type Seen, type Wait, type WaitContext, wait } from './wait.ts';
