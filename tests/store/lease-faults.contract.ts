import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Held, Lock } from '../../lib/engine/index.ts';
import { makeBucket, type StoreAccess, type StoreEnv, storeLease } from '../../lib/store/index.ts';
import { seconds, systemClock } from '../../lib/time/index.ts';
import { type Canned, CONFLICT, type HttpProxy, httpProxy } from '../servers/http-proxy.ts';
import { type Moto, startMoto } from '../servers/moto/moto.ts';

interface World {
  moto: Moto;
  proxy: HttpProxy;
  lease(name: string, ttl?: number): Lock;
}

const env: StoreEnv = { clock: systemClock, signal: new AbortController().signal, random: Math.random };

const faults = suite<World>('a lease over a way that loses answers');
faults.before(async context => {
  context.moto = await startMoto();
  context.proxy = await httpProxy(context.moto.url, context.moto.ca);
  const { url, ca } = context.proxy;
  const access: StoreAccess = { ...context.moto.access('faults'), here: url, there: url, ca };
  await makeBucket(access, env);
  context.lease = (name, ttl = seconds(60)) =>
    storeLease({ name, ttl, access: async () => access, owner: async () => undefined, notice() {} }, env);
});
faults.after(async ({ moto, proxy }) => {
  await proxy.close();
  await moto.close();
});

/** What is put next. */
function hurt({ faults }: HttpProxy, how: Omit<Canned, 'of'>): Canned {
  const canned = { of: /^PUT/, ...how };
  faults.canned.push(canned);
  return canned;
}

faults('recognises its own lock when the answer to the write that made it was lost', async ({ proxy, lease }) => {
  const lost = hurt(proxy, { times: 1 });
  const held = await lease('created').acquire('bootstrap');
  assert.is(lost.times, 0);
  assert.is(
    (
      await lease('created')
        .acquire('bootstrap')
        .catch(error => error)
    ).code,
    'LOCK_HELD',
  );
  await held.release();
});

faults('and its own renewal', async ({ proxy, lease }) => {
  const held = await lease('renewed', seconds(3)).acquire('bootstrap');
  const lost = hurt(proxy, { times: 1 });
  await systemClock.sleep(2500);
  assert.is(lost.times, 0);
  await held.check();
  await held.release();
});

faults('tries again what met another write, and gives up what meets others for ever', async ({ proxy, lease }) => {
  const conflicts = hurt(proxy, { times: 3, answer: CONFLICT });
  const held = await lease('conflict').acquire('bootstrap');
  assert.is(conflicts.times, 0);
  await held.release();
});

faults('an endpoint that ignores conditions is refused: it keeps nobody out', async ({ proxy, lease }) => {
  proxy.faults.ignored.push('if-match', 'if-none-match');
  const error = await lease('ignored')
    .acquire('bootstrap')
    .then(String, thrown => thrown);
  proxy.faults.ignored.length = 0;
  assert.is(error.code, 'STORE_UNSAFE', error.message);
  assert.match(error.message, /lets .*ignored\.json be written as if nothing were there/);
});

faults('a holder that is cut off goes on for two thirds of its lease, and then knows nothing', async context => {
  const cut = await httpProxy(context.moto.url, context.moto.ca);
  const access = { ...context.moto.access('faults'), here: cut.url, there: cut.url, ca: cut.ca };
  const spec = { name: 'cut', ttl: seconds(9), access: async () => access, owner: async () => undefined, notice() {} };
  const held: Held = await storeLease(spec, env).acquire('bootstrap');
  await cut.close();
  await held.check();
  await systemClock.sleep(6500);
  const error = await held.check().catch(thrown => thrown);
  assert.is(error?.code, 'STORE_UNREACHABLE', error?.message);
  await held.release();
});

faults.run();
