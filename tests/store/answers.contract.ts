import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeBucket, openBucket, openStore, type StoreAccess, type StoreEnv } from '../../lib/store/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { type Canned, CONFLICT, type HttpProxy, httpProxy } from '../servers/http-proxy.ts';
import { type Moto, startMoto } from '../servers/moto/moto.ts';

// Rows 34 to 38 of what stores do: real requests, a real S3 behind, and answers that are wrong, late or lost.

interface World {
  moto: Moto;
  proxy: HttpProxy;
  access: StoreAccess;
  /** Pauses between tries, in ms: nobody waits for them here. */
  pauses: number[];
  env: StoreEnv;
  store: ReturnType<typeof openStore>;
}

const BUCKET = 'answers';
const failing = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>in its words</Message></Error>`;
const SLOW = { status: 503, body: failing('SlowDown') };

const answers = suite<World>('answers of a store');
answers.before(async context => {
  context.moto = await startMoto();
  context.proxy = await httpProxy(context.moto.url, context.moto.ca);
  const { url, ca } = context.proxy;
  context.access = { ...context.moto.access(BUCKET), here: url, there: url, ca };
  let ahead = 0;
  context.pauses = [];
  const clock = {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    async sleep(ms: number) {
      context.pauses.push(ms);
      ahead += ms;
    },
  };
  context.env = { clock, signal: new AbortController().signal, random: () => 0.5 };
  await makeBucket(context.access, context.env);
  const bucket = openBucket(context.access, context.env);
  await bucket.harden();
  bucket.close();
});
answers.after(async ({ moto, proxy }) => {
  await proxy.close();
  await moto.close();
});
answers.before.each(async context => {
  const { faults, asked } = context.proxy;
  faults.canned.length = faults.ignored.length = 0;
  context.store = openStore(context.access, context.env);
  await context.store.put('there', 'a body');
  context.pauses.length = asked.length = 0;
});
answers.after.each(({ store }) => store.close());

const thrownBy = (act: () => Promise<unknown>): Promise<{ code?: string; message: string; hint?: string }> =>
  act().then(
    () => assert.unreachable('nothing was thrown') as never,
    error => error,
  );

const versions = async ({ access, env }: World) => {
  const bucket = openBucket(access, env);
  const { versions } = await bucket.past(new Date(Date.now() + 3_600_000)).finally(bucket.close);
  return versions.map(({ key }) => key);
};

answers('a store that is busy for a minute is waited for, and asked less and less often', async ({ store, ...of }) => {
  const { proxy, pauses } = of;
  // As long as the pauses between them take a minute.
  proxy.faults.canned.push({ of: /^GET/, times: 13, answer: SLOW });
  assert.is(`${Buffer.from((await store.get('there')) ?? '')}`, 'a body');
  assert.ok(pauses.reduce((sum, ms) => sum + ms, 0) >= 60_000, `${pauses}`);
  assert.equal(
    pauses,
    pauses.toSorted((a, b) => a - b),
  );
  assert.ok(proxy.asked.length <= 14, `${proxy.asked.length} requests`);
});

answers('one that is busy for longer than two minutes is not known, with its own words', async ({ store, ...of }) => {
  of.proxy.faults.canned.push({ of: /^GET/, times: 1000, answer: SLOW });
  const error = await thrownBy(() => store.get('there'));
  assert.is(error.code, 'STORE_UNREACHABLE');
  assert.match(error.message, /503, SlowDown: in its words/);
  assert.ok(of.pauses.reduce((sum, ms) => sum + ms, 0) <= 120_000);
  assert.ok(of.proxy.asked.length < 30, `${of.proxy.asked.length} requests`);
});

answers('what must be new is written all the same, and once, by one that was busy', async ({ store, ...of }) => {
  of.proxy.faults.canned.push({ of: /^PUT/, times: 3, answer: SLOW });
  await store.put('fresh', 'x', { ifAbsent: true });
  of.proxy.faults.canned.push({ of: /^PUT/, times: 1 });
  assert.is((await thrownBy(() => store.put('fresher', 'x', { ifAbsent: true }))).code, 'STORE_UNREACHABLE');
  assert.equal(of.proxy.asked.filter(line => line.startsWith('PUT') && line.includes('fresher')).length, 1);
});

answers('what must be new is tried again when it met another write, and is written once', async ({ store, proxy }) => {
  const conflict: Canned = { of: /^PUT/, times: 3, answer: CONFLICT };
  proxy.faults.canned.push(conflict);
  assert.is((await store.put('met', 'x', { ifAbsent: true })).size, 1);
  assert.is(conflict.times, 0);
  conflict.times = 1;
  const there = await thrownBy(() => store.put('met', 'y', { ifAbsent: true }));
  assert.is(there.code, 'STORE_EXISTS', there.message);
  assert.is(`${Buffer.from((await store.get('met')) ?? '')}`, 'x');
});

answers('one that meets other writes for ever is not said to be there: nobody knows', async ({ store, ...of }) => {
  of.proxy.faults.canned.push({ of: /^PUT/, times: 1000, answer: CONFLICT });
  const error = await thrownBy(() => store.put('never', 'x', { ifAbsent: true }));
  assert.is(error.code, 'STORE_REFUSED', error.message);
  assert.match(error.message, /409, ConditionalRequestConflict/);
  assert.ok(of.proxy.asked.length < 30 && of.pauses.reduce((sum, ms) => sum + ms, 0) <= 120_000);
});

const LARGE = Buffer.from(Array.from({ length: 200_000 }, (_, index) => `${index}`).join());

const readWhole = async (store: World['store'], key: string) =>
  Buffer.concat(await Array.fromAsync((await store.stream(key)) ?? []));

for (const how of ['end', 'stall'] as const)
  answers(`a body that breaks off half-way, by ${how}, is gone on with, and no byte is sent twice`, async of => {
    const store = openStore(of.access, { ...of.env, idle: 300 });
    await store.put('large', LARGE);
    const cut: Canned = { of: /^GET .*large/, times: 3, cut: { after: 300_000, how } };
    of.proxy.faults.canned.push(cut);
    of.proxy.asked.length = 0;
    assert.ok(LARGE.equals(await readWhole(store, 'large')));
    assert.equal([cut.times, of.proxy.asked.length], [0, 4]);
    store.close();
  });

answers('one that is replaced meanwhile is not put together of two', async ({ store, proxy, ...of }) => {
  await store.put('large', LARGE);
  const cut: Canned = { of: /^GET .*large/, times: 1, cut: { after: 1000, how: 'end' } };
  proxy.faults.canned.push(cut);
  const error = await thrownBy(async () => {
    for await (const _ of (await store.stream('large')) ?? []) await other(of.access, of.env);
  });
  assert.is(error.code, 'STORE_UNREACHABLE');
  assert.match(error.message, /after \d+ of \d+ bytes it was replaced, or removed/);
});

async function other(access: StoreAccess, env: StoreEnv): Promise<void> {
  const store = openStore(access, env);
  await store.put('large', 'another');
  store.close();
}

answers('an endpoint that gives no parts is read anew where nothing was taken, and else not known', async of => {
  const { store, proxy } = of;
  await store.put('large', LARGE);
  proxy.faults.ignored.push('range');
  const cut: Canned = { of: /^GET .*large/, times: 1, cut: { after: 1000, how: 'end' } };
  proxy.faults.canned.push(cut);
  let taken = Buffer.alloc(0);
  const error = await thrownBy(async () => {
    for await (const chunk of (await store.stream('large')) ?? []) taken = Buffer.concat([taken, chunk]);
  });
  assert.is(error.code, 'STORE_UNREACHABLE', error.message);
  assert.ok(LARGE.subarray(0, taken.length).equals(taken), 'what was taken is its beginning');
  cut.times = 1;
  assert.ok(LARGE.equals(Buffer.from((await store.get('large')) ?? '')));
});

answers('one that breaks off again and again is given up', async ({ store, proxy }) => {
  await store.put('large', LARGE);
  proxy.faults.canned.push({ of: /^GET .*large/, times: 1000, cut: { after: 1000, how: 'end' } });
  const error = await thrownBy(() => readWhole(store, 'large'));
  assert.is(error.code, 'STORE_UNREACHABLE', error.message);
  assert.ok(proxy.asked.length < 20, `${proxy.asked.length} requests`);
});

for (const [what, act] of [
  ['a copy', (store: World['store']) => store.copy({ bucket: BUCKET, key: 'there' }, 'copied')],
  ['a list', (store: World['store']) => store.list('')],
] as const)
  for (const [how, body] of [
    ['an error', failing('InternalError')],
    ['something else', '<html><body>Welcome to the proxy</body></html>'],
    ['half an answer', '<?xml version="1.0"?><ListBucketResult><Name>answers</Name><Contents><Key>the'],
    ['nothing', ''],
  ])
    answers(`${what} that is answered with 200 and ${how} was not answered`, async ({ store, proxy }) => {
      const canned: Canned = { of: /x-id=CopyObject|list-type=2/, times: 1, answer: { status: 200, body: body ?? '' } };
      proxy.faults.canned.push(canned);
      await act(store);
      assert.is(canned.times, 0);
      canned.times = 1000;
      const error = await thrownBy(() => act(store));
      assert.is(error.code, 'STORE_UNREACHABLE', error.message);
      if (what === 'a copy' && how === 'an error') assert.match(error.message, 'InternalError');
    });

answers('an owner does not take a list that is none for a bucket without a past', async of => {
  await of.store.put('there', 'another body');
  assert.ok((await versions(of)).includes('there'));
  const answer = { status: 200, body: failing('InternalError') };
  of.proxy.faults.canned.push({ of: /GET .*versions/, times: 1000, answer });
  assert.is((await thrownBy(() => versions(of))).code, 'STORE_UNREACHABLE');
  const bucket = openBucket(of.access, of.env);
  assert.is((await thrownBy(() => bucket.erase(''))).code, 'STORE_UNREACHABLE');
  bucket.close();
});

answers('a write and a removal whose answers are lost are carried out, and known to be', async ({ store, proxy }) => {
  proxy.faults.canned.push({ of: /^PUT/, times: 1 }, { of: /^DELETE/, times: 1 });
  assert.is((await store.put('lost', 'x')).size, 1);
  await store.remove(['lost']);
  assert.is(await store.head('lost'), undefined);
  assert.equal(
    proxy.faults.canned.map(({ times }) => times),
    [0, 0],
  );
});

answers('keys that expire half-way end the work with one request, and what to do', async ({ store, proxy }) => {
  await store.head('there');
  proxy.faults.canned.push({ of: /./, times: 1000, answer: { status: 400, body: failing('ExpiredToken') } });
  proxy.asked.length = 0;
  const error = await thrownBy(() => store.put('late', 'x'));
  assert.is(error.code, 'STORE_REFUSED');
  assert.match(error.message, /400, ExpiredToken/);
  assert.match(error.hint ?? '', /expired.*again/);
  assert.is(proxy.asked.length, 1);
});

answers.run();
