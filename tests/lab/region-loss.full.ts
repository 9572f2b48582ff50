import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckResult } from '../../lib/backup/index.ts';
import type { Report } from '../../lib/drill/report.ts';
import { type StoreWorld, s3Place, storeWorld } from '../backup/store-world.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { drilledInventory } from './drilled-inventory.ts';

const SITE = 'regionsite';
const KEPT = join(homedir(), '.local/share/muster', SITE);

const inventory = (store: string) => drilledInventory(SITE, { store, users: 300, avatars: 10, rto: '10m' });

interface Context {
  near: StoreWorld;
  far: StoreWorld;
  checkout: Checkout;
}

/** With a pair of keys for each role, and as a machine sees it. */
async function place(world: StoreWorld, bucket: string) {
  const [own, reader, admin] = await Promise.all([
    s3Place(world, 'site', bucket),
    s3Place(world, 'reader', bucket),
    s3Place(world, 'admin', bucket),
  ]);
  const keys = ({ accessKey, secretKey }: typeof own) => ({ accessKey, secretKey });
  const inside = `https://10.0.2.2:${new URL(own.endpoint).port}`;
  return { ...own, inside, reader: keys(reader), admin: keys(admin) };
}

const test = suite<Context>('a site whose store has a replica');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.near = await storeWorld('near');
  await context.near.run();
  context.far = await storeWorld('far');
  await context.far.run();
  const { kind: _, accessKey, secretKey, ...far } = await place(context.far, `${SITE}-far`);
  const store = { ...(await place(context.near, SITE)), replica: { ...far, keys: { accessKey, secretKey } } };
  context.checkout = await newCheckout(SITE, inventory(JSON.stringify(store)));
  await context.checkout.commit();
});

test.after(async ({ near, far, checkout }) => {
  await near.run();
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.remove();
  await Promise.all([near.close(), far.close()]);
  await rm(KEPT, { recursive: true, force: true });
});

const muster = async ({ checkout }: Context, verb: string, ...args: string[]) => {
  const { code, stdout, stderr } = await checkout.muster(verb, ...args);
  return { code, stdout, last: stderr.split('\n').slice(-25).join('\n') };
};

test('its backup is in the replica too, and read back there', async context => {
  const built = await muster(context, 'bootstrap');
  assert.is(built.code, 0, built.last);
  const { code, last } = await muster(context, 'backup');
  assert.is(code, 0, last);
  const { stdout } = await muster(context, 'backup-audit', '--json');
  const checks = (JSON.parse(stdout) as CheckResult[]).filter(({ id }) => id.startsWith('audit.replica'));
  assert.ok(checks.length >= 4);
  assert.equal(
    checks.filter(({ state }) => state !== 'passed'),
    [],
  );
});

/** In the place of the store that is gone: whoever asks is counted. */
async function listener(port: number): Promise<{ asked(): number; server: Server }> {
  let asked = 0;
  const server = createServer(socket => {
    asked++;
    socket.destroy();
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  return { asked: () => asked, server };
}

test('it comes back when the store is gone, and nobody asks for the store', async context => {
  const { port } = new URL((await context.near.access('site')).here);
  // A living site would archive on, into nothing: those calls are not the drill's.
  assert.is((await muster(context, 'stop')).code, 0);
  process.kill((await context.near.pid()) ?? 0, 'SIGTERM');
  while ((await context.near.pid()) !== undefined) await new Promise(resolve => setTimeout(resolve, 100));
  const gone = await listener(Number(port));
  const { code, stdout, last } = await muster(context, 'drill', 'region-loss', '--mode', 'rehearse', '--json');
  gone.server.close();
  assert.is(code, 0, last + stdout.slice(-4000));
  const { report } = JSON.parse(stdout) as { report: Report };
  assert.is(report.verdict, 'verified');
  assert.match(report.checks.find(({ id }) => id === 'site.replica')?.got ?? '', `${SITE}-far`);
  assert.is(gone.asked(), 0);
});

test.run();
