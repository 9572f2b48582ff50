import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError, type OpsError } from '../../lib/errors/index.ts';
import { type Clock, formatDuration, retry, wait } from '../../lib/time/index.ts';

/** A clock whose time passes only by sleeping. */
function fakeClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  const total = () => slept.reduce((sum, ms) => sum + ms, 0);
  return {
    slept,
    now: total,
    monotonic: total,
    sleep: async ms => {
      slept.push(ms);
    },
  };
}
/** What it fails with; not to fail is a failure of the test. */
const failure = (promise: Promise<unknown>): Promise<OpsError> =>
  promise.then(
    () => assert.unreachable('it did not fail') as never,
    error => error as OpsError,
  );
const signal = new AbortController().signal;

const waiting = suite('wait');

waiting('ends with the value once it is seen', async () => {
  let looks = 0;
  const probe = async () => (++looks === 3 ? { value: 'up' } : { saw: 'booting' });
  assert.is(await wait({ what: 'ssh', deadline: 5000, hint: 'h', probe }, { clock: fakeClock(), signal }), 'up');
});

waiting('a look that takes long is followed by a longer pause, of two seconds at most', async () => {
  const pauses = async (takes: number) => {
    const clock = fakeClock();
    let looks = 0;
    const probe = async () => {
      await clock.sleep(takes);
      return ++looks === 2 ? { value: 'up' } : { saw: 'booting' };
    };
    await wait({ what: 'pods', deadline: 60_000, hint: '', probe }, { clock, signal });
    return clock.slept;
  };
  assert.equal(await pauses(20), [20, 500, 20]);
  assert.equal(await pauses(300), [300, 900, 300]);
  assert.equal(await pauses(5000), [5000, 2000, 5000]);
});

waiting('running out of time is an error with the last observation and the next command', async () => {
  const probe = async () => ({ saw: 'node NotReady' });
  const error = await failure(
    wait({ what: 'a Ready node', deadline: 2000, hint: 'muster status', probe }, { clock: fakeClock(), signal }),
  );
  assert.ok(isOpsError(error, 'WAIT_TIMEOUT'));
  assert.is(error.message, 'cannot see a Ready node after 2.0 s; last seen: node NotReady');
  assert.is(error.hint, 'muster status');
});

waiting('what a probe throws ends it at once', async () => {
  const probe = () => Promise.reject(new Error('the machine died'));
  const error = await failure(wait({ what: 'ssh', deadline: 60_000, hint: '', probe }, { clock: fakeClock(), signal }));
  assert.is(error.message, 'the machine died');
});

waiting('a probe that never answers does not outlive the deadline', async () => {
  const clock: Clock = { ...fakeClock(), monotonic: () => performance.now() };
  const error = await failure(
    wait({ what: 'x', deadline: 30, hint: '', probe: () => new Promise(() => {}) }, { clock, signal }),
  );
  assert.match(error.message, /last seen: a probe that did not answer/);
});

waiting('is cancelled while a probe hangs', async () => {
  const stop = new AbortController();
  const pending = wait(
    { what: 'x', deadline: 60_000, hint: '', probe: () => new Promise(() => {}) },
    { clock: fakeClock(), signal: stop.signal },
  );
  stop.abort(new Error('stopped'));
  assert.is((await failure(pending)).message, 'stopped');
});

waiting.run();

const retrying = suite('retry');
const flaky = (failures: number) => {
  let calls = 0;
  return async () => {
    if (++calls <= failures) throw new Error(`failure ${calls}`);
    return calls;
  };
};
const spec = { what: 'read the bucket', attempts: 3, total: 60_000, base: 100, on: () => true };

retrying('tries again until it works', async () => {
  assert.is(await retry(spec, flaky(2), { clock: fakeClock(), signal, random: () => 0.5 }), 3);
});

retrying('does not sleep after the last attempt, and names the last error', async () => {
  const clock = fakeClock();
  const error = await failure(retry(spec, flaky(9), { clock, signal, random: () => 0.5 }));
  assert.ok(isOpsError(error, 'RETRY_EXHAUSTED'));
  assert.match(error.message, /cannot read the bucket: 3 attempts .* the last: failure 3/);
  assert.equal(clock.slept, [50, 100]);
});

retrying('is bounded in total time', async () => {
  const clock = fakeClock();
  await failure(retry({ ...spec, attempts: 99, total: 1000 }, flaky(999), { clock, signal, random: () => 0.9 }));
  assert.ok(clock.now() <= 1000);
});

retrying('throws at once what the caller does not list', async () => {
  const clock = fakeClock();
  const error = await failure(retry({ ...spec, on: () => false }, flaky(9), { clock, signal, random: () => 0 }));
  assert.is(error.message, 'failure 1');
  assert.equal(clock.slept, []);
});

retrying.run();

const durations = suite('durations');
for (const [ms, text] of [
  [850, '850 ms'],
  [12_340, '12.3 s'],
  [99_960, '1 min 40 s'],
  [245_000, '4 min 05 s'],
  [3_599_600, '1 h 00 min'],
  [11_220_000, '3 h 07 min'],
  [1_051_200_000, '12 d 4 h'],
] as const)
  durations(`${ms} ms reads ${text}`, () => assert.is(formatDuration(ms), text));
durations.run();
