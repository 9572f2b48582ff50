import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { isOpsError, type OpsError } from '../../lib/errors/index.ts';
import { type MachineFiles, machineFiles, type QemuIdentity } from '../../lib/host/qemu/identity.ts';

export const identity: QemuIdentity = {
  name: 'server-1',
  site: 'test',
  owner: '/checkout',
  run: 'run-1',
  uuid: '11111111-2222-4333-8444-555555555555',
  macs: { out: '52:54:00:00:00:01', segment: '52:54:00:00:00:02' },
  address: '10.77.0.1',
  forwards: { ssh: 2222, api: 6443, web: 8443 },
  hostKey: 'ssh-ed25519 AAAA server-1',
};

/** Calls back with the files of a machine below a state folder of its own. */
export async function inState(act: (files: MachineFiles, state: string) => Promise<void>, name = 'muster-host-') {
  const state = await mkdtemp(join(tmpdir(), name));
  try {
    await act(machineFiles(state, identity.name), state);
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

/** A real process whose program and command line are called as QEMU's. */
export async function asQemu<T>(args: readonly string[], act: (pid: number) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-qemu-'));
  const program = join(dir, 'qemu-system-x86_64');
  await copyFile('/bin/sh', program);
  // A shell that waits for its input: it takes any further arguments without looking at them.
  const child = spawn(program, ['-c', 'echo up; read -r line', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise(resolve => child.once('close', resolve));
  try {
    await new Promise(resolve => child.stdout.once('data', resolve));
    return await act(child.pid ?? 0);
  } finally {
    child.kill('SIGKILL');
    await ended;
    await rm(dir, { recursive: true, force: true });
  }
}

/** The OpsError that an act must end with. */
export async function refusal(act: Promise<unknown>): Promise<OpsError> {
  const error = await act.then(
    value => assert.unreachable(`it succeeded with ${JSON.stringify(value)}`),
    error => error,
  );
  if (!isOpsError(error)) throw error;
  return error;
}
