import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Ctx } from '../../lib/engine/index.ts';
import { OpsError } from '../../lib/errors/index.ts';
import { writeIdentity } from '../../lib/host/identity.ts';
import { localProvider } from '../../lib/host/local-provider.ts';
import type { Again, Machinery } from '../../lib/host/machinery.ts';
import { isFree } from '../../lib/host/ports.ts';
import { qemuArguments } from '../../lib/host/qemu/arguments.ts';
import { startMachine } from '../../lib/host/qemu/boot.ts';
import type { MachineFiles } from '../../lib/host/qemu/identity.ts';
import { qemuMachinery } from '../../lib/host/qemu/machinery.ts';
import { processRuns } from '../../lib/host/qemu/observe.ts';
import { waitForSsh } from '../../lib/host/reach.ts';
import { machineSteps } from '../../lib/host/steps.ts';
import type { HostWant, Site } from '../../lib/inventory/index.ts';
import { seconds, systemClock, type Wait, wait } from '../../lib/time/index.ts';
import { withQmp } from './qmp-server.ts';
import { asQemu, identity, inState, refusal } from './world.ts';

const argumentsOf = (files: MachineFiles) =>
  qemuArguments({
    identity,
    files,
    cpus: 1,
    memory: 2 ** 31,
    accelerator: 'tcg',
    commandLine: 'quiet',
    run: 'run-1',
  }).slice(1);

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

const site = { name: 'test', provider: { kind: 'qemu', accelerator: 'tcg' } } as unknown as Site;
const host: HostWant = { name: 'server-1', role: 'server', cpus: 1, memory: 2 ** 31, disk: 2 ** 33 };
const unreachable = () => Promise.reject(new OpsError('SHELL_UNREACHABLE', 'cannot connect: connection refused'));
const running = () => [{ return: { status: 'running' } }];

test('a machine that dies while it is waited for ends the wait with the last lines of its console', () =>
  inState(async (files, state) => {
    await writeIdentity(state, identity);
    await writeFile(files.serial, 'booting\nKernel panic - not syncing\n');
    let looks = 0;
    const error = await withQmp(files.qmp, running, () =>
      asQemu(argumentsOf(files), pid => {
        // It is there at the first look; the second finds it dead.
        const die = async () => {
          looks++;
          process.kill(pid, 'SIGKILL');
          return unreachable();
        };
        return refusal(waitForSsh(identity.name, qemuMachinery(site), context(state, die)));
      }),
    );
    assert.is(error.code, 'MACHINE_DIED');
    assert.is(looks, 1, 'nothing is asked of a dead machine');
    assert.equal(error.details, ['booting', 'Kernel panic - not syncing']);
  }));

test('a changed host key ends the wait: it is no matter of time', () =>
  inState(async (files, state) => {
    await writeIdentity(state, identity);
    const changed = () => Promise.reject(new OpsError('HOST_KEY_CHANGED', 'cannot trust server-1'));
    const error = await withQmp(files.qmp, running, () =>
      asQemu(argumentsOf(files), () =>
        refusal(waitForSsh(identity.name, qemuMachinery(site), context(state, changed))),
      ),
    );
    assert.is(error.code, 'HOST_KEY_CHANGED');
  }));

const started = (again?: Again) =>
  ({
    image: { title: 'no image' },
    console: () => '/nowhere',
    power: async () => ({ is: 'on', pid: 1, status: 'running' }),
    runs: async () => true,
    again: () => again,
  }) as unknown as Machinery;

test('a machine that hangs is started once more by the run that started it, and by no other', async () => {
  let starts = 0;
  const answersAfter = (needed: number) => (): Promise<never> =>
    starts < needed ? unreachable() : Promise.resolve('its boot id' as never);
  const hurried = (facts: () => Promise<never>): Ctx => {
    const ctx = context('/nowhere', facts);
    return { ...ctx, wait: spec => ctx.wait({ ...spec, deadline: seconds(0.1) }) };
  };
  let reached = 0;
  const again = { done: async () => 7, start: async () => void starts++, answered: () => void reached++ };
  await waitForSsh('server-1', started(again), hurried(answersAfter(1)));
  assert.equal([starts, reached], [1, 1]);
  const hangs = await refusal(waitForSsh('server-1', started(again), hurried(answersAfter(9))));
  assert.equal([hangs.code, starts, reached], ['WAIT_TIMEOUT', 2, 1]);
  const other = await refusal(waitForSsh('server-1', started(), hurried(answersAfter(9))));
  assert.equal([other.code, starts], ['WAIT_TIMEOUT', 2]);
});

test('a machine that boots is not waited for by who looks at it', async () => {
  const silent = () => new Promise<never>(() => undefined);
  const look = (machinery: Machinery, facts: () => Promise<never>) => {
    const step = machineSteps(site, [host], machinery, true).find(({ id }) => id === 'machine.ssh');
    return step?.observe(context('/nowhere', facts));
  };
  const again = { done: async () => 7, start: async () => undefined, answered: () => undefined };
  assert.equal(await look(started(again), silent), { name: 'server-1', saw: 'it boots' });
  const known = () => Promise.resolve('its boot id' as never);
  assert.equal(await look(started(again), known), { name: 'server-1' });
  const patient = await Promise.race([look(started(), silent), systemClock.sleep(seconds(1.5)).then(() => 'it waits')]);
  assert.is(patient, 'it waits');
});

test('it is knocked at again and again, and one that is up is not', () =>
  inState(async (_, state) => {
    await writeIdentity(state, identity);
    const again = { done: async () => 7, start: async () => undefined, answered: () => undefined };
    const local = { kind: 'qemu', nodeAddress: () => undefined, pace: async () => 1 } as unknown as Parameters<
      typeof localProvider
    >[2];
    const knockOf = async (machinery: Machinery) => {
      const dirs = { project: '/checkout', state, cache: '/nowhere' };
      const provider = localProvider(site, dirs, { ...local, machinery });
      return (await provider.endpoint(identity.name, 'ssh')).knock;
    };
    assert.equal([await knockOf(started(again)), await knockOf(started())], [700, undefined]);
  }));

for (const [what, done, expected] of [
  ['a machine whose disks do nothing for a minute is started once more', async () => 7, 1],
  ['a machine that reads its disk is waited for', async (looks: number) => looks, 0],
  ['a machine whose disks cannot be asked about is waited for', () => unreachable(), 0],
] as const) {
  test(what, async () => {
    let [starts, looks, now] = [0, 0, 0];
    const facts = (): Promise<never> =>
      starts > 0 || looks > 20 ? Promise.resolve('its boot id' as never) : unreachable();
    const clock = { ...systemClock, monotonic: () => now };
    const again = {
      done: () => {
        now += seconds(10);
        return done(++looks);
      },
      start: async () => void starts++,
      answered: () => undefined,
    };
    await waitForSsh('server-1', started(again), { ...context('/nowhere', facts), clock });
    assert.equal([starts, looks], [expected, expected === 1 ? 7 : 21]);
  });
}

test('a kill ends exactly the process of this machine', () =>
  inState(async (files, state) => {
    await writeIdentity(state, identity);
    await asQemu(['-name', 'other', '-uuid', '77777777-2222-4333-8444-555555555555'], other =>
      withQmp(files.qmp, running, () =>
        asQemu(argumentsOf(files), async pid => {
          await qemuMachinery(site).kill(identity.name, context(state, unreachable));
          assert.equal([await processRuns(pid), await processRuns(other)], [false, true]);
        }),
      ),
    );
  }));

test('a kept port that another process has now is refused at the start: which, and by whom', () =>
  inState(async (_, state) => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const mine = { ...identity, forwards: { ssh: port, api: port, web: port } };
    const error = await refusal(startMachine(site, host, mine, context(state, unreachable)));
    await new Promise(resolve => server.close(resolve));
    assert.is(error.code, 'PORT_TAKEN');
    assert.match(error.message, new RegExp(`${port}.*ssh of server-1.*pid ${process.pid}`));
  }));

test('a machine that does not fit into the memory is refused before it starts', async () => {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const [ssh = 0, api = 0, web = 0] = ports;
  await inState(async (_, state) => {
    const huge = { ...host, memory: 2 ** 50 };
    const error = await refusal(
      startMachine(site, huge, { ...identity, forwards: { ssh, api, web } }, context(state, unreachable)),
    );
    assert.is(error.code, 'TOO_LITTLE_MEMORY');
    assert.match(error.message, /server-1 with 1048576\.0 GiB/);
  });
});

async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
}

test.run();
