import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerFiles } from '../../lib/host/container/podman.ts';

export interface Monitor {
  name: string;
  bundle: string;
  log: string;
}

/** Where podman puts a container of a machine. */
export const placeOf = (files: ContainerFiles): Pick<Monitor, 'bundle' | 'log'> => ({
  bundle: join(files.run, 'root/vfs-containers/0123/userdata'),
  log: files.console,
});

/** A real process whose program and command line are called as a container's monitor. */
export async function asConmon<T>({ name, bundle, log }: Monitor, act: (pid: number) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-conmon-'));
  const program = join(dir, 'conmon');
  await copyFile('/bin/sh', program);
  // A shell that waits for its input: it takes any further arguments without looking at them.
  const own = ['--api-version', '1', '-u', '0123', '-b', bundle, '-n', name, '-l', `k8s-file:${log}`, '-t'];
  const child = spawn(program, ['-c', 'echo up; read -r line', ...own], { stdio: ['pipe', 'pipe', 'inherit'] });
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
