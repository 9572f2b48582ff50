import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { logsIn } from '../../lib/addon/app/login.ts';
import { connectCluster, kubeconfigPath } from '../../lib/cluster/index.ts';
import { containerFiles } from '../../lib/host/container/podman.ts';
import { type ContainerProcess, containerProcesses, userOfStore } from '../../lib/host/container/processes.ts';
import { runArguments } from '../../lib/host/container/start.ts';
import { type Identity, knownIdentity } from '../../lib/host/identity.ts';
import { FileSecretStore, Masker, Secret } from '../../lib/secret/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { callApp } from './app.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { until } from './until.ts';

const SITE = 'ctrtest';
// metrics-server needs two rounds of 15 s before it is ready, at each start: site.qemu.ts has it. Ports of its own: those of
// a site that is gone are free to a lab beside it, which would answer in its place.
const INVENTORY = `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [module] }
provider: { kind: container, ports: { ssh: 22022, api: 22043, web: 22044 } }
hosts:
  - { name: server-1, role: server, cpus: 2, memory: 2GiB, disk: 10GiB }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: false }
app: { users: 200, avatars: 20 }
`;
const mail = 'drill@exemple.test';
const password = 'un-mot-de-passe-long';

interface Context {
  checkout: Checkout;
  app: string;
  ca: string;
  uuid: string;
  run: string;
}

const run = promisify(execFile);
const test = suite<Context>('a site on containers, from nothing and back');
const mine = async (): Promise<ContainerProcess[]> =>
  (await containerProcesses()).filter(({ name }) => name.startsWith(`muster-${SITE}-`));
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

test.before(async context => {
  context.checkout = await newCheckout(SITE, INVENTORY);
  context.run = containerFiles(context.checkout.state, 'server-1').run;
});

test.after(async ({ checkout }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.remove();
});

for (const step of ['machine.disk', 'machine.power'])
  test(`killed in the effect of ${step}, it leaves an open journal`, async ({ checkout }) => {
    const { signal, stderr } = await checkout.killedAt(step, 'bootstrap');
    assert.is(signal, 'SIGKILL', stderr.slice(-2000));
    assert.ok(await exists(join(checkout.state, 'journal.jsonl')));
  });

test('run again it goes on and ends with the address of an app that answers, on one machine', async context => {
  const { code, stdout, stderr } = await context.checkout.muster('bootstrap', '--json');
  assert.is(code, 0, stderr.slice(-3000));
  assert.match(stderr, /which was killed/);
  Object.assign(context, JSON.parse(stdout));
  const { body } = await callApp(context.app, context.ca, 'GET', '/api/health');
  assert.is((body.database as { users: number }).users, 200);
  const [machine, ...others] = await mine();
  assert.equal(others, []);
  context.uuid = machine?.uuid ?? '';
});

test('a second bootstrap changes nothing and opens no journal', async ({ checkout }) => {
  const { code, stdout } = await checkout.muster('bootstrap', '--json');
  assert.is(code, 0);
  const again = JSON.parse(stdout);
  assert.equal([again.changed, again.journal], [[], undefined]);
});

test('the database lets a role in from here with its password, and with no other: no program is started there', async ({
  checkout,
}) => {
  const clock = { clock: systemClock, signal: new AbortController().signal, random: Math.random };
  const api = await connectCluster(kubeconfigPath(checkout.dir, SITE), SITE, clock);
  const kept = await new FileSecretStore(join(checkout.state, 'secrets'), new Masker()).get(
    'app/postgres-app-password',
  );
  try {
    assert.is(await logsIn(api, 'app', kept ?? new Secret('')), true);
    assert.is(await logsIn(api, 'app', new Secret('another')), false);
  } finally {
    await api.close();
  }
});

test("a pod reaches this computer's loopback at 10.0.2.2, as under QEMU: the lab's store is there", async context => {
  const server = createServer((_, response) => response.end('of this computer'));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = `exec 3<>/dev/tcp/10.0.2.2/${port}; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; tail -1 <&3`;
  const pod = ['-n', 'app', 'exec', 'postgres-0', '-c', 'postgres', '--', 'bash', '-c', ask];
  const { stdout, stderr } = await context.checkout.muster('kubectl', ...pod);
  server.close();
  assert.match(stdout, /of this computer/, stderr);
});

test('stop halts the machine; after start the user who was created is still there', async ({ checkout, app, ca }) => {
  const created = await callApp(app, ca, 'POST', '/api/users', { email: mail, name: 'Épreuve', password });
  assert.is(created.status, 201);
  const stopped = await checkout.muster('stop');
  assert.is(stopped.code, 0, stopped.stderr.slice(-2000));
  assert.equal(await mine(), []);
  assert.match((await checkout.muster('status')).stdout, /stopped/);
  const started = await checkout.muster('start');
  assert.is(started.code, 0, started.stderr.slice(-3000));
  assert.is((await callApp(app, ca, 'POST', '/api/login', { email: mail, password })).status, 200);
});

test('after a loss of power it is off; bootstrap brings the same machine back, with what was committed', async context => {
  const { checkout, app, ca, uuid } = context;
  const [machine] = await mine();
  const { stdout } = await run('pgrep', ['-P', `${machine?.pid}`]);
  process.kill(Number(stdout), 'SIGKILL');
  await until(async () => (await mine()).length === 0, 200);
  const { code, stderr } = await checkout.muster('bootstrap', '--json');
  assert.is(code, 0, stderr.slice(-3000));
  assert.equal(
    (await mine()).map(machine => machine.uuid),
    [uuid],
  );
  assert.is((await callApp(app, ca, 'POST', '/api/login', { email: mail, password })).status, 200);
});

test('a container of the site that nobody asked for is a leak: destroy names it, and fails', async ({ checkout }) => {
  const identity = await knownIdentity(checkout.state, 'server-1');
  const remove = await plantContainer(checkout, identity);
  try {
    const { code, stderr } = await checkout.muster('destroy', `--confirm=${SITE}`);
    assert.is(code, 1);
    assert.match(stderr, new RegExp(`container muster-${SITE}-left: process \\d+`));
  } finally {
    await remove();
  }
});

test('destroy leaves nothing but its journals', async context => {
  const { checkout, app } = context;
  const { code, stdout, stderr } = await checkout.muster('destroy', `--confirm=${SITE}`);
  assert.is(code, 0, stderr.slice(-2000));
  assert.match(stdout, /kept/);
  assert.equal(await mine(), []);
  assert.equal(await readdir(checkout.state), ['journals']);
  assert.not(await exists(context.run));
  assert.not((await readFile('/proc/self/mountinfo', 'utf8')).includes(context.run));
  assert.is(await callApp(app, undefined, 'GET', '/').catch(error => error.code), 'ECONNREFUSED');
});

/** Another container beside the machine, out of its root, as a bug of ours would leave one. Gives its removal. */
async function plantContainer({ state }: Checkout, machine: Identity): Promise<() => Promise<unknown>> {
  const files = containerFiles(state, 'left');
  const { root } = containerFiles(state, machine.name);
  const left = { ...machine, name: 'left', uuid: machine.uuid.replace(/^.{8}/, '00000000') };
  const at = { ...files, root: `${root}:O`, console: join(state, 'left.log') };
  const argv = runArguments({ ...left, forwards: { ssh: 29_122, api: 29_143, web: 29_144 } }, at, 'planted');
  const [podman = '', ...args] = [...argv.slice(0, -1), 'sleep', '600'];
  await run(podman, args);
  const remove = [...args.slice(0, args.indexOf('run')), 'rm', '-f', '-t', '0', '-a'];
  assert.ok(await userOfStore(files.run), 'its monitor');
  return async () => {
    await run(podman, remove);
    await until(async () => (await userOfStore(files.run)) === undefined, 200);
    await run('rm', ['-rf', files.run]);
  };
}

test.run();
