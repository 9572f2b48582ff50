import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { qemuArguments } from '../../lib/host/qemu/arguments.ts';
import type { MachineFiles } from '../../lib/host/qemu/identity.ts';
import { observePower } from '../../lib/host/qemu/observe.ts';
import { qemuProcesses } from '../../lib/host/qemu/processes.ts';
import { tail } from '../../lib/host/reach.ts';
import { withQmp } from './qmp-server.ts';
import { asQemu, identity, inState, refusal } from './world.ts';

const argumentsOf = (files: MachineFiles, uuid = identity.uuid) =>
  qemuArguments({
    identity: { ...identity, uuid },
    files,
    cpus: 2,
    memory: 2 ** 31,
    accelerator: 'tcg',
    commandLine: 'quiet',
    run: 'run-1',
  }).slice(1);

const running = () => [{ return: { status: 'running' } }];

test('a pid file that names a living process is no proof of a machine', () =>
  inState(async files => {
    await mkdir(files.dir, { recursive: true });
    await writeFile(files.pid, `${process.pid}\n`);
    assert.equal(await observePower(identity, files), { is: 'off' });
  }));

for (const name of ['muster-host-', 'muster-host,comma-'])
  test(`a machine is on when its process has our UUID and disk and QEMU says that it runs (${name})`, () =>
    inState(async files => {
      await mkdir(files.dir, { recursive: true });
      await asQemu(argumentsOf(files), async pid => {
        const power = await withQmp(files.qmp, running, () => observePower(identity, files));
        assert.equal(power, { is: 'on', pid, status: 'running' });
      });
      assert.equal(await observePower(identity, files), { is: 'off' }, 'its process ended');
    }, name));

test('a process that is there and does not answer is neither on nor off', () =>
  inState(async files => {
    await mkdir(files.dir, { recursive: true });
    await asQemu(argumentsOf(files), async () => {
      assert.is((await refusal(observePower(identity, files))).code, 'QMP_SILENT');
    });
  }));

test('another machine on our disk is refused with its pid and UUID', () =>
  inState(async files => {
    const other = '99999999-2222-4333-8444-555555555555';
    await asQemu(argumentsOf(files, other), async pid => {
      const error = await refusal(observePower(identity, files));
      assert.is(error.code, 'MACHINE_NOT_OURS');
      assert.match(error.message, new RegExp(`${pid}.*${other}`));
    });
  }));

test('a copy of a checkout does not touch the machine of the first: same UUID, other files', () =>
  inState(async first =>
    inState(async second => {
      await asQemu(argumentsOf(first), async pid => {
        const error = await refusal(observePower(identity, second));
        assert.is(error.code, 'MACHINE_NOT_OURS');
        assert.match(error.message, new RegExp(`${pid}`));
      });
    }),
  ));

test('a machine that someone else runs is not taken for one of ours', () =>
  inState(async files => {
    const theirs = ['-name', 'theirs', '-uuid', '77777777-2222-4333-8444-555555555555', '-m', '64'];
    await asQemu(theirs, async pid => {
      assert.equal(await observePower(identity, files), { is: 'off' });
      const seen = (await qemuProcesses()).find(process => process.pid === pid);
      assert.is(seen?.name, 'theirs');
    });
  }));

test("the console's last lines come without empty ones, and none is an empty list", () =>
  inState(async files => {
    assert.equal(await tail(files.serial), []);
    await mkdir(files.dir, { recursive: true });
    await writeFile(files.serial, 'first\r\n\r\nKernel panic\r\nend\r\n');
    assert.equal(await tail(files.serial, 2), ['Kernel panic', 'end']);
  }));

test.run();
