import { readdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../lib/drill/report.ts';
import { machineFiles } from '../../lib/host/qemu/identity.ts';
import { qemuProcesses } from '../../lib/host/qemu/processes.ts';
import { qmp } from '../../lib/host/qemu/qmp.ts';
import { callApp } from './app.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { emulatedInventory } from './emulated-inventory.ts';

const SITE = 'qdrilltest';
/** What muster keeps of a lab beside its checkout. */
const KEPT = join(homedir(), '.local/share/muster', SITE);
const mail = 'drill@exemple.test';
const password = 'un-mot-de-passe-long';

interface Context {
  checkout: Checkout;
  app: string;
  ca: string;
}

const test = suite<Context>('a site on QEMU whose rebuild is rehearsed');
const machines = async (site: string) =>
  (await qemuProcesses()).filter(({ name }) => name === `muster-${site}-server-1`).map(({ pid }) => pid);

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.checkout = await newCheckout(SITE, emulatedInventory(SITE));
  await context.checkout.commit();
  const made = await context.checkout.muster('bootstrap', '--json');
  assert.is(made.code, 0, made.stderr.slice(-3000));
  Object.assign(context, JSON.parse(made.stdout));
});

test.after(async ({ checkout }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.muster('purge-store', `--confirm=${SITE}`);
  await rm(KEPT, { recursive: true, force: true });
  await checkout.remove();
});

/** The time that it takes under emulation depends on what else this computer does: the report tells it. */
async function drilled({ checkout }: Context, ...mode: string[]): Promise<Report> {
  const { code, stdout, stderr } = await checkout.muster('drill', 'site-rebuild', ...mode, '--json');
  const { report } = JSON.parse(stdout) as { report: Report };
  const why = stderr.slice(-3000) + JSON.stringify(report.checks.filter(({ state }) => state !== 'passed'));
  assert.is(report.verdict, 'verified', why);
  assert.ok(code === 0 || report.rto.met === false, why);
  process.stderr.write(`rto ${report.rto.ms} ms: ${JSON.stringify(report.clocks.phases)}\n`);
  return report;
}

test('a start that hangs is made again', async context => {
  const { checkout, app, ca } = context;
  assert.is((await checkout.muster('stop')).code, 0);
  const halted = new Set<number>();
  const { child, ended } = checkout.start('start');
  // Processors that are halted do as little as those that hang.
  child.stderr?.on('data', async chunk => {
    if (halted.size > 0 || !String(chunk).includes('Reach server-1 by SSH')) return;
    for (const pid of await machines(SITE)) halted.add(pid);
    await qmp(machineFiles(checkout.state, 'server-1').qmp, 'stop');
  });
  const started = await ended;
  assert.is(started.code, 0, started.stderr.slice(-3000));
  assert.is(halted.size, 1);
  assert.not((await machines(SITE)).some(pid => halted.has(pid)));
  assert.is((await callApp(app, ca, 'GET', '/api/health')).status, 200);
});

test('rehearsed beside the living site, every check passes, and nothing of the second site is left', async context => {
  const { checkout, app, ca } = context;
  const created = await callApp(app, ca, 'POST', '/api/users', { email: mail, name: 'Drill', password });
  assert.is(created.status, 201);
  const taken = await checkout.muster('backup');
  assert.is(taken.code, 0, taken.stderr.slice(-3000));
  const source = await machines(SITE);
  const { checks } = await drilled(context, '--mode', 'rehearse');
  assert.equal(
    checks.filter(({ state }) => state !== 'passed'),
    [],
  );
  assert.equal(await machines(SITE), source);
  assert.equal(await machines(`${SITE}-rehearsal`), []);
  assert.equal(await readdir(join(checkout.dir, '.muster/stores', SITE, 'data')), [`muster-${SITE}`]);
});

test.run();
