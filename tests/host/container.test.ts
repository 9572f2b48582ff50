import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Ctx } from '../../lib/engine/index.ts';
import { OpsError } from '../../lib/errors/index.ts';
import { containerMachinery } from '../../lib/host/container/machinery.ts';
import { observePower } from '../../lib/host/container/observe.ts';
import { containerFiles, podman } from '../../lib/host/container/podman.ts';
import { containerName } from '../../lib/host/container/processes.ts';
import { containerProvider } from '../../lib/host/container/provider.ts';
import { runArguments } from '../../lib/host/container/start.ts';
import { writeIdentity } from '../../lib/host/identity.ts';
import { waitForSsh } from '../../lib/host/reach.ts';
import type { HostWant, Site } from '../../lib/inventory/index.ts';
import { systemClock, type Wait, wait } from '../../lib/time/index.ts';
import { asConmon, placeOf } from './conmon.ts';
import { identity, inState, refusal } from './world.ts';

const host: HostWant = { name: 'server-1', role: 'server', cpus: 1, memory: 2 ** 31, disk: 2 ** 33 };
const site = { name: 'test', hosts: [host], provider: { kind: 'container' } } as unknown as Site;
const OTHER = '99999999-2222-4333-8444-555555555555';
const name = containerName(identity.site, identity.name, identity.uuid);
const filesOf = (state: string) => containerFiles(state, identity.name);

/** A step's surroundings: nothing answers over SSH, and no command is run. */
function context(state: string, asked: () => Promise<never>): Ctx {
  const { signal } = new AbortController();
  const ctx = {
    run: { id: 'run-1', dirs: { project: '/checkout', state, cache: '/nowhere' } },
    signal,
    clock: systemClock,
    facts: asked,
    shell: () => Promise.reject(new Error('not in this test')),
    progress: () => {},
    wait: <T>(spec: Wait<T>) => wait({ ...spec, every: 10 }, { clock: systemClock, signal }),
  };
  return ctx as unknown as Ctx;
}

const unreachable = () => Promise.reject(new OpsError('SHELL_UNREACHABLE', 'cannot connect: connection refused'));

test('a machine is on while its monitor runs, and off when that has ended', () =>
  inState(async (_, state) => {
    const files = filesOf(state);
    await asConmon({ name, ...placeOf(files) }, async pid => {
      assert.equal(await observePower(identity, files), { is: 'on', pid, status: 'running' });
    });
    assert.equal(await observePower(identity, files), { is: 'off' });
  }));

test('the monitor of a command in a machine is no machine', () =>
  inState(async (_, state) => {
    const files = filesOf(state);
    const { bundle, log } = placeOf(files);
    await asConmon({ name, bundle: `${bundle}/4567`, log }, async () => {
      assert.equal(await observePower(identity, files), { is: 'off' });
    });
  }));

test('another container in the place of a machine is refused with its process and UUID', () =>
  inState(async (_, state) => {
    const files = filesOf(state);
    await asConmon({ name: containerName('test', 'server-1', OTHER), ...placeOf(files) }, async pid => {
      const error = await refusal(observePower(identity, files));
      assert.is(error.code, 'MACHINE_NOT_OURS');
      assert.match(error.message, new RegExp(`${pid}.*${OTHER}`));
    });
  }));

test('a copy of a checkout does not touch the machine of the first: same UUID, other files', () =>
  inState((_, first) =>
    inState(async (_, second) => {
      await asConmon({ name, ...placeOf(filesOf(first)) }, async pid => {
        const error = await refusal(observePower(identity, filesOf(second)));
        assert.is(error.code, 'MACHINE_NOT_OURS');
        assert.match(error.message, new RegExp(`${pid}`));
      });
    }),
  ));

test('a site of the same name in another checkout is another site', () =>
  inState((_, first) =>
    inState(async (_, second) => {
      const dirs = { project: '/checkout', state: second, cache: '/nowhere' };
      await asConmon({ name: containerName('test', 'server-1', OTHER), ...placeOf(filesOf(first)) }, async () => {
        assert.equal(await observePower(identity, filesOf(second)), { is: 'off' });
        assert.equal(await containerProvider(site, dirs).list({}), []);
      });
    }),
  ));

test('a container of the site that the inventory does not name is listed, and so are folders and kept ports', () =>
  inState(async (_, state) => {
    const dirs = { project: '/checkout', state, cache: '/nowhere' };
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await writeIdentity(state, { ...identity, forwards: { ssh: port, api: 1, web: 2 } });
    const left = { name: containerName('test', 'left', OTHER), ...placeOf(containerFiles(state, 'left')) };
    const listed = await asConmon(left, () => containerProvider(site, dirs).list({}));
    await new Promise(resolve => server.close(resolve));
    assert.equal(
      listed.map(({ kind, id }) => `${kind} ${id}`),
      ['container muster-test-left', `file ${filesOf(state).dir}`, `port 127.0.0.1:${port}`],
    );
  }));

test('a machine that dies while it is waited for ends the wait with the last lines of its console', () =>
  inState(async (_, state) => {
    const files = filesOf(state);
    await mkdir(files.dir, { recursive: true });
    await writeIdentity(state, identity);
    await writeFile(files.console, 'Welcome to Debian\nFailed to mount\n');
    const error = await asConmon({ name, ...placeOf(files) }, pid => {
      const die = async () => {
        process.kill(pid, 'SIGKILL');
        return unreachable();
      };
      return refusal(waitForSsh(identity.name, containerMachinery(site), context(state, die)));
    });
    assert.is(error.code, 'MACHINE_DIED');
    assert.equal(error.details, ['Welcome to Debian', 'Failed to mount']);
  }));

test('a kept port that another process has now is refused at the start: which, and by whom', () =>
  inState(async (_, state) => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const mine = { ...identity, forwards: { ssh: port, api: port, web: port } };
    const error = await refusal(containerMachinery(site).start(host, mine, context(state, unreachable)));
    await new Promise(resolve => server.close(resolve));
    assert.is(error.code, 'PORT_TAKEN');
    assert.match(error.message, new RegExp(`${port}.*ssh of server-1.*pid ${process.pid}`));
  }));

test("a machine's ports are open on the loopback only, and this computer's loopback is open to it", () => {
  const argv = runArguments(identity, filesOf('/checkout/.muster/test'), 'run-1');
  const after = (flag: string) => argv.flatMap((arg, at) => (argv[at - 1] === flag ? [arg] : []));
  assert.equal(after('-p'), ['127.0.0.1:2222:22', '127.0.0.1:6443:6443', '127.0.0.1:8443:30443']);
  assert.equal(after('--network'), ['slirp4netns:allow_host_loopback=true']);
});

test('containers never share a root of systemd groups, and carry whose they are', () => {
  const argv = runArguments(identity, filesOf('/checkout/.muster/test'), 'run-1');
  assert.ok(argv.includes('--systemd=false'));
  assert.ok(argv.includes('--cgroupns=private'));
  for (const label of ['site=test', 'owner=/checkout', 'run=run-1', `uuid=${identity.uuid}`])
    assert.ok(argv.includes(`muster.${label}`), label);
});

test('podman takes the place of its notes, however deep a checkout lies', () => {
  const argv = podman(containerFiles(`/home/${'deep/'.repeat(40)}`, 'server-1'), 'ps');
  const runroot = argv[argv.indexOf('--runroot') + 1] ?? '';
  assert.ok(runroot.length > 0 && runroot.length <= 50, runroot);
});

test.run();
