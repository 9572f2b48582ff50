import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createAuthority, Secret } from '../../lib/secret/index.ts';
import { openStore, type StoreAccess } from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { type StoreWorld, storeWorld } from '../backup/store-world.ts';
import { type TcpProxy, tcpProxy } from '../servers/tcp-proxy.ts';

const LARGE = Buffer.alloc(32 << 20, 'muster');

interface Here {
  world: StoreWorld;
  proxy: TcpProxy;
  /** Through the proxy. */
  access: StoreAccess;
}

const faults = suite<Here>('store faults');
faults.before(async context => {
  context.world = await storeWorld('store-faults');
  await context.world.run();
  const store = openStore(await context.world.access('site'), context.world.env);
  await store.put('large', LARGE);
  store.close();
});
faults.after(({ world }) => world.close());
faults.before.each(async context => {
  const access = await context.world.access('site');
  context.proxy = await tcpProxy(Number(new URL(access.here).port));
  context.access = { ...access, here: `https://127.0.0.1:${context.proxy.port}` };
});
faults.after.each(({ proxy }) => proxy.close());

const thrownBy = (act: () => Promise<unknown>): Promise<{ code?: string; message: string; hint?: string }> =>
  act().then(
    () => assert.unreachable('nothing was thrown') as never,
    error => error,
  );

for (const [how, cut] of [
  ['closed in order', (proxy: TcpProxy) => proxy.fin()],
  ['reset', (proxy: TcpProxy) => proxy.rst()],
] as const)
  faults(
    `a body whose connection is ${how} half-way, and that nobody goes on with, is no object: nothing is known`,
    async ({ world, proxy, access }) => {
      const store = openStore(access, world.env);
      const error = await thrownBy(async () => {
        for await (const _ of (await store.stream('large')) ?? []) {
          // At the first of many chunks: what the proxy has in hand by then is far from the whole.
          // Nor does it let anybody in again, who would go on from there.
          proxy.hurt({ stalled: true, drop: Number.POSITIVE_INFINITY });
          cut(proxy);
        }
      });
      assert.is(error.code, 'STORE_UNREACHABLE', error.message);
      store.close();
    },
  );

faults('one that comes back is gone on with, to the last byte', async ({ world, proxy, access }) => {
  const store = openStore(access, world.env);
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await store.stream('large')) ?? []) {
    if (chunks.push(chunk) % 100 === 1 && proxy.accepted() <= 3) proxy.rst();
  }
  assert.ok(LARGE.equals(Buffer.concat(chunks)));
  assert.is(proxy.accepted(), 4);
  store.close();
});

faults('a connection that is dropped as it is made is tried again', async ({ world, proxy, access }) => {
  const store = openStore(access, world.env);
  proxy.hurt({ drop: 2 });
  assert.is((await store.head('large'))?.size, LARGE.length);
  store.close();
});

faults(
  'what must be new is written once or not known: never taken for another one',
  async ({ world, proxy, access }) => {
    const store = openStore(access, world.env);
    proxy.hurt({ drop: 1 });
    const error = await thrownBy(() => store.put('fresh', 'x', { ifAbsent: true }));
    assert.is(error.code, 'STORE_UNREACHABLE', error.message);
    store.close();
  },
);

faults('a server of another authority is refused before it is told anything', async ({ world, access }) => {
  const { certificate } = await createAuthority('another', systemClock);
  const store = openStore({ ...access, ca: certificate }, world.env);
  const error = await thrownBy(() => store.head('large'));
  assert.is(error.code, 'STORE_UNREACHABLE', error.message);
  assert.match(error.hint ?? '', 'its authority is another one');
  store.close();
});

faults("a wrong key is the server's refusal, in its words, and without the key", async ({ world, access }) => {
  const secretKey = new Secret('muster-canary-of-a-secret-key-0123456789');
  const store = openStore({ ...access, secretKey }, world.env);
  const error = await thrownBy(() => store.get('large'));
  assert.is(error.code, 'STORE_REFUSED', error.message);
  assert.match(error.message, 'SignatureDoesNotMatch');
  assert.not.match(JSON.stringify(error, Object.getOwnPropertyNames(error)), 'muster-canary');
  store.close();
});

faults('a stop ends a call that hangs, with its own reason', async ({ world, proxy, access }) => {
  const stop = new AbortController();
  const store = openStore(access, { ...world.env, signal: stop.signal });
  await store.head('large');
  proxy.hurt({ stalled: true });
  const reason = new Error('stopped');
  setTimeout(() => stop.abort(reason), 100);
  assert.is(await thrownBy(() => store.head('large')), reason);
  store.close();
});

faults('a server that dies in mid-read leaves nothing known, and so does one that is gone', async ({ world }) => {
  const store = openStore(await world.access('site'), world.env);
  const pid = await world.pid();
  assert.ok(pid);
  const error = await thrownBy(async () => {
    let read = 0;
    for await (const _ of (await store.stream('large')) ?? []) if (read++ === 0) process.kill(pid, 'SIGKILL');
  });
  assert.is(error.code, 'STORE_UNREACHABLE', error.message);
  const gone = await thrownBy(() => store.get('large'));
  assert.is(gone.code, 'STORE_UNREACHABLE', gone.message);
  assert.match(gone.message, 'ECONNREFUSED');
  store.close();
});

faults.run();
