import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Command, Ctx, ExecOptions } from '../../engine/index.ts';
import { machineDir } from '../identity.ts';

/** Where a machine's files lie; the folder is 0700, what is in the root is root's. */
export interface ContainerFiles {
  dir: string;
  root: string;
  console: string;
  /**
   * All that podman notes. Nothing of it must outlive a reboot: a machine is its root and its identity, and gets a new
   * container at each start. Short, since podman refuses a runroot of more than 50 characters.
   */
  run: string;
}

export function containerFiles(state: string, name: string): ContainerFiles {
  const dir = machineDir(state, name);
  const digest = createHash('sha256').update(dir).digest('hex').slice(0, 12);
  return { dir, root: join(dir, 'root'), console: join(dir, 'console.log'), run: `/run/muster-${digest}` };
}

/** podman with a store of the machine's own: nothing of the user's podman is seen or changed. */
export const podman = ({ run }: ContainerFiles, ...args: string[]): string[] => [
  'podman',
  ...['--root', join(run, 'root'), '--runroot', join(run, 'run'), '--tmpdir', join(run, 'tmp')],
  // crun refuses some computers' cgroups (hybrid); runc takes all of them. No image is stored: no driver is needed.
  ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--storage-driver', 'vfs'],
  ...args,
];

/** On this computer, as root. Errors: COMMAND_FAILED with the tool's words. */
export async function asRoot(command: Command, ctx: Ctx, options: ExecOptions = {}): Promise<string> {
  const shell = await ctx.shell('localhost');
  return shell.run(command, { sudo: process.getuid?.() !== 0, signal: ctx.signal, ...options });
}
