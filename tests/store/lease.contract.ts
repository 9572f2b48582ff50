import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  makeBucket,
  openBucket,
  openStore,
  type StoreAccess,
  type StoreEnv,
  storeLease,
} from '../../lib/store/index.ts';
import { seconds, systemClock } from '../../lib/time/index.ts';
import { storeWorld } from '../backup/store-world.ts';
import { startMoto } from '../servers/moto/moto.ts';
import { type Runner, startRunner } from './lease-world.ts';

const env: StoreEnv = { clock: systemClock, signal: new AbortController().signal, random: Math.random };
/** Each takes half a second, since what crosses must settle. */
const ROUNDS = Number(process.env.LEASE_ROUNDS ?? 8);
const TTL = seconds(2);

interface World {
  access: StoreAccess;
  runners: Runner[];
  /** A lease a test: one that was left held would keep the next test out until it is stale. */
  tests: number;
  start(options?: { skew?: number; elsewhere?: boolean; ttl?: number }): Runner;
  close(): Promise<void>;
}

async function versitygw() {
  const world = await storeWorld('store-lease');
  await world.run();
  return { access: await world.access('site'), close: world.close };
}

async function moto() {
  const server = await startMoto();
  const access = server.access('lease');
  await makeBucket(access, env);
  const bucket = openBucket(access, env);
  await bucket.harden();
  bucket.close();
  return { access, close: server.close };
}

for (const [name, server] of [
  ['versitygw', versitygw],
  ['moto', moto],
] as const) {
  const lease = suite<World>(`the lease on ${name}`);
  lease.before(async context => {
    Object.assign(context, await server(), { runners: [], tests: 0 });
    context.start = options => {
      const runner = startRunner(context.access, { name: `race-${context.tests}`, ttl: TTL, ...options });
      context.runners.push(runner);
      return runner;
    };
  });
  lease.after.each(context => {
    for (const runner of context.runners.splice(0)) runner.kill('SIGKILL');
    context.tests++;
  });
  lease.after(({ close }) => close());

  lease('of two that start together exactly one proceeds, and the other names it, time after time', async context => {
    const two = [context.start({ ttl: seconds(60) }), context.start({ ttl: seconds(60) })];
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all(two.map(runner => runner.say('acquire')));
      const [won, ...more] = answers.filter(({ is }) => is === 'ok');
      const [refused] = answers.filter(({ is }) => is === 'LOCK_HELD');
      assert.ok(won && refused && more.length === 0, `round ${round}: ${JSON.stringify(answers)}`);
      assert.match(refused.message ?? '', `'bootstrap' runs since`);
      assert.match(refused.message ?? '', `as pid ${won.pid} `);
      await two.find(({ pid }) => pid === won.pid)?.say('release');
    }
  });

  lease('a holder that was stopped past its lease is told before its next write, and who has it now', async context => {
    const [first, second] = [context.start({ elsewhere: true }), context.start()];
    assert.is((await first.say('acquire')).is, 'ok');
    assert.is((await first.say('check')).is, 'ok');
    first.kill('SIGSTOP');
    await systemClock.sleep(TTL + 1500);
    const taken = await second.say('acquire');
    assert.is(taken.is, 'ok', taken.message);
    assert.match((taken.notices ?? []).join(), /was not renewed for .*: watching it for 2/);
    first.kill('SIGCONT');
    const late = await first.say('check');
    assert.is(late.is, 'LOCK_LOST');
    assert.match(late.message ?? '', /'bootstrap' of .* on .* has it since/);
    assert.is((await second.say('check')).is, 'ok');
    // What it gives back is not its own any more.
    await first.say('release');
    assert.is((await context.start().say('acquire')).is, 'LOCK_HELD');
  });

  for (const hours of [-2, 2])
    lease(`a holder whose clock is ${hours} h off keeps its lease while it renews, and no longer`, async context => {
      const [odd, other] = [context.start({ skew: hours * 3_600_000, elsewhere: true }), context.start()];
      assert.is((await odd.say('acquire')).is, 'ok');
      await systemClock.sleep(TTL + 1000);
      assert.is((await other.say('acquire')).is, 'LOCK_HELD');
      odd.kill('SIGKILL');
      await systemClock.sleep(TTL + 1500);
      const taken = await other.say('acquire');
      assert.is(taken.is, 'ok', taken.message);
    });

  lease('a run that was killed on this computer keeps nobody out', async context => {
    const [dead, next] = [context.start({ ttl: seconds(60) }), context.start()];
    assert.is((await dead.say('acquire')).is, 'ok');
    const gone = dead.say('check').then(() => dead.say('check'));
    dead.kill('SIGKILL');
    await gone;
    assert.is((await next.say('acquire')).is, 'ok');
  });

  for (const state of ['given back', 'held'] as const)
    lease(`one that was ${state} and that somebody removed is as if nobody had`, async context => {
      const holder = context.start();
      assert.is((await holder.say('acquire')).is, 'ok');
      if (state === 'given back') await holder.say('release');
      const bucket = openStore(context.access, env);
      await bucket.remove([`.muster/lease/race-${context.tests}.json`]);
      bucket.close();
      const first = await context.start().say('acquire');
      assert.is(first.is, state === 'held' ? 'LOCK_HELD' : 'ok', first.message);
      if (state === 'given back') return;
      // Past its renewal, which puts it back.
      await systemClock.sleep(TTL);
      assert.is((await holder.say('check')).is, 'ok');
      assert.is((await context.start().say('acquire')).is, 'LOCK_HELD');
    });

  lease('without a bucket only a bootstrap makes one; others go on, and say so', async context => {
    const said: string[] = [];
    const access = { ...context.access, bucket: 'no-such-bucket' };
    const spec = { name: 'x', access: async () => access, notice: (text: string) => void said.push(text) };
    const held = await storeLease({ ...spec, owner: async () => undefined }, env).acquire('destroy');
    await held.check();
    await held.release();
    assert.match(said.join(), 'only this computer is kept from a second run');
    assert.is(await storeLease({ ...spec, owner: async () => undefined }, env).holder(), undefined);
  });
  lease.run();
}
