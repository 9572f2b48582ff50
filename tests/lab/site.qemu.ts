import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Report } from '../../lib/drill/report.ts';
import { qemuProcesses } from '../../lib/host/qemu/processes.ts';
import { callApp } from './app.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { emulatedInventory } from './emulated-inventory.ts';
import { guest, secretValues } from './guest.ts';
import { until } from './until.ts';

const SITE = 'labtest';
/** What muster keeps of a lab beside its checkout. */
const KEPT = join(homedir(), '.local/share/muster', SITE);

interface Built {
  app: string;
  ca: string;
  kubeconfig: string;
  changed: string[];
  journal?: string;
}

interface Context {
  checkout: Checkout;
  built: Built;
  token: string;
  others: string[];
}

const test = suite<Context>('a site on QEMU, from nothing and back');
const mine = async () => (await qemuProcesses()).filter(({ name }) => name.startsWith(`muster-${SITE}-`));
const others = async () =>
  (await qemuProcesses()).filter(({ name }) => !name.startsWith(`muster-${SITE}-`)).map(({ uuid }) => uuid);
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
const mail = 'drill@exemple.test';
const password = 'un-mot-de-passe-long';

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.checkout = await newCheckout(SITE, emulatedInventory(SITE));
  context.others = await others();
});

test.after(async ({ checkout }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.muster('purge-store', `--confirm=${SITE}`);
  await rm(KEPT, { recursive: true, force: true });
  await checkout.remove();
});

test('plan says what would be made, and makes nothing', async ({ checkout }) => {
  const { code, stdout } = await checkout.muster('plan');
  assert.is(code, 0);
  assert.match(stdout, /^create .* machine server-1$/m);
  assert.not(await exists(join(checkout.state, 'machines')));
});

test('killed while it makes the machine, it leaves an open journal and nothing that runs', async ({ checkout }) => {
  const { signal } = await checkout.killedAt('machine.disk', 'bootstrap');
  assert.is(signal, 'SIGKILL');
  assert.ok(await exists(join(checkout.state, 'journal.jsonl')));
  assert.equal(await mine(), []);
});

test('run again it goes on and ends with the address of an app that answers; a second run meanwhile is refused', async context => {
  const { checkout } = context;
  const lock = () => readFile(join(checkout.state, 'lock'), 'utf8').catch(() => '');
  // The killed one left its own behind.
  const old = await lock();
  const { ended } = checkout.start('bootstrap', '--json');
  await until(async () => !['', old].includes(await lock()), 600);
  const second = await checkout.muster('bootstrap');
  assert.is(second.code, 4);
  assert.match(second.stderr, /'bootstrap' runs since .* as pid \d+/);
  const { code, stdout, stderr } = await ended;
  assert.is(code, 0, stderr.slice(-3000));
  assert.match(stderr, /which was killed during: .*create disk of server-1/);
  context.built = JSON.parse(stdout);
  assert.is((await mine()).length, 1);
});

test('the app answers over TLS with the authority of the site, and without it is not trusted', async ({ built }) => {
  const { status, body } = await callApp(built.app, built.ca, 'GET', '/api/health');
  assert.is(status, 200);
  assert.is((body.database as { users: number }).users, 10_000);
  assert.is((body.avatars as { files: number }).files, 200);
  const untrusted = await callApp(built.app, undefined, 'GET', '/api/health').catch(error => error.code);
  assert.match(String(untrusted), /SELF_SIGNED|UNABLE_TO/);
});

test('a second bootstrap changes nothing and opens no journal; a plan says no changes', async ({ checkout }) => {
  const { code, stdout } = await checkout.muster('bootstrap', '--json');
  assert.is(code, 0);
  const again = JSON.parse(stdout) as Built;
  assert.equal(again.changed, []);
  assert.is(again.journal, undefined);
  const plan = JSON.parse((await checkout.muster('plan', '--json')).stdout);
  assert.equal(
    plan.steps.filter(({ is }: { is: string }) => is === 'changes'),
    [],
  );
});

test('the node is Ready and every pod runs', async ({ checkout }) => {
  const nodes = JSON.parse((await checkout.muster('kubectl', 'get', 'nodes', '-o', 'json')).stdout);
  const ready = nodes.items.flatMap((node: { status: { conditions: { type: string; status: string }[] } }) =>
    node.status.conditions.filter(({ type }) => type === 'Ready').map(({ status }) => status),
  );
  assert.equal(ready, ['True']);
  const pods = JSON.parse((await checkout.muster('kubectl', 'get', 'pods', '-A', '-o', 'json')).stdout);
  const phases = new Set(pods.items.map((pod: { status: { phase: string } }) => pod.status.phase));
  phases.delete('Succeeded');
  assert.equal([...phases], ['Running']);
});

test('an emulated machine is spared what is dear there, and another one keeps its habits', async ({ checkout }) => {
  const say = await guest(checkout);
  const emulated = (await say('systemd-detect-virt || true')) === 'qemu';
  const words = (text: string) => text.split(/\s+/);
  assert.is(words(await say('cat /proc/cmdline')).includes('norandmaps'), emulated);
  const features = emulated ? await say('cat /sys/kernel/debug/sched/features') : '';
  assert.is(words(features).includes('NO_WAKEUP_PREEMPTION'), emulated);
  if (emulated && process.arch === 'x64') assert.not.match(await say('cat /proc/cpuinfo'), /\b(avx|erms|fma)/);
  // All of Kubernetes: as processes of their own, each switch between two would forget the memory's map.
  assert.is(await say('pgrep -cx k3s'), '1');
});

test('stop powers the machine off; after a start the user who was created is still there', async context => {
  const { checkout, built } = context;
  const created = await callApp(built.app, built.ca, 'POST', '/api/users', { email: mail, name: 'Épreuve', password });
  assert.is(created.status, 201);
  const stopped = await checkout.muster('stop');
  assert.is(stopped.code, 0, stopped.stderr.slice(-2000));
  assert.equal(await mine(), []);
  assert.match((await checkout.muster('status')).stdout, /stopped/);
  const started = await checkout.muster('start');
  assert.is(started.code, 0, started.stderr.slice(-3000));
  const login = await callApp(built.app, built.ca, 'POST', '/api/login', { email: mail, password });
  assert.is(login.status, 200);
  context.token = String(login.body.token);
  const health = await callApp(built.app, built.ca, 'GET', '/api/health');
  assert.is((health.body.database as { users: number }).users, 10_001);
});

test('lost on purpose and rebuilt from nothing, it is the site that it was, with its data', async ({
  checkout,
  built,
}) => {
  const taken = await checkout.muster('backup');
  assert.is(taken.code, 0, taken.stderr.slice(-3000));
  const how = ['--mode', 'destroy', `--confirm=${SITE}`, '--json'];
  const { code, stdout, stderr } = await checkout.muster('drill', 'site-rebuild', ...how);
  const { report } = JSON.parse(stdout) as { report: Report };
  const why = stderr.slice(-3000) + JSON.stringify(report.checks.filter(({ state }) => state !== 'passed'));
  assert.is(report.verdict, 'verified', why);
  // How long it takes under emulation depends on what else this computer does: the report tells it.
  assert.ok(code === 0 || report.rto.met === false, why);
  process.stderr.write(`rto ${report.rto.ms} ms: ${JSON.stringify(report.clocks.phases)}\n`);
  const login = await callApp(built.app, built.ca, 'POST', '/api/login', { email: mail, password });
  assert.is(login.status, 200);
});

test('no secret of the site is in the journals', async ({ checkout }) => {
  const dir = join(checkout.state, 'journals');
  const journals = (await Promise.all((await readdir(dir)).map(name => readFile(join(dir, name), 'utf8')))).join('');
  const secrets = await secretValues(join(checkout.state, 'secrets'));
  assert.ok(secrets.length > 5);
  for (const value of secrets) assert.not(journals.includes(value));
});

test('destroy wants the name of the site, then leaves nothing but what it lists', async ({ checkout, built }) => {
  assert.is((await checkout.muster('destroy')).code, 4);
  assert.is((await mine()).length, 1);
  const { code, stdout, stderr } = await checkout.muster('destroy', `--confirm=${SITE}`);
  assert.is(code, 0, stderr.slice(-2000));
  assert.match(stdout, /kept/);
  assert.equal(await mine(), []);
  assert.equal((await readdir(checkout.state)).sort(), ['drills', 'journals']);
  assert.not(await exists(built.kubeconfig));
  const refused = await callApp(built.app, undefined, 'GET', '/').catch(error => error.code);
  assert.is(refused, 'ECONNREFUSED');
});

test('machines of others are as they were', async context => {
  assert.equal(
    (await others()).filter(uuid => context.others.includes(uuid)),
    context.others,
  );
});

test.run();
