import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { podman } from '../../../../lib/host/container/podman.ts';

const exec = promisify(execFile);

/** Removes the instances of tests that were killed: their processes are gone, their containers are not. What stays is said, and kept. */
export async function sweep({ run = '/run', disks = tmpdir() } = {}): Promise<void> {
  for (const name of await leftIn(run, /^muster-aws-(\d+)-\d+$/)) {
    const notes = join(run, name);
    const [program = '', ...argv] = podman({ dir: '', root: '', console: '', run: notes }, 'rm', '-f', '-a', '-t', '0');
    if (await went(`the containers in ${notes}`, program, argv)) await rm(notes, { recursive: true, force: true });
  }
  for (const name of await leftIn(disks, /^muster-aws-(\d+)-/)) {
    const dir = join(disks, name);
    const mounted = (await readFile('/proc/mounts', 'utf8')).split('\n').flatMap(line => line.split(' ')[1] ?? []);
    const own = mounted.filter(disk => disk.startsWith(`${dir}/`));
    const gone = await Promise.all(own.map(disk => went(`the disk ${disk}`, 'umount', [disk])));
    if (gone.every(Boolean)) await rm(dir, { recursive: true, force: true });
  }
}

/** A test may go on beside what another one left; whoever reads it, removes it by hand. */
async function went(what: string, program: string, argv: string[]): Promise<boolean> {
  try {
    await exec(program, argv);
    return true;
  } catch (error) {
    console.error(`cannot remove ${what}, left by a test that was killed: ${(error as Error).message.trim()}`);
    return false;
  }
}

async function leftIn(folder: string, pattern: RegExp): Promise<string[]> {
  const names = await readdir(folder);
  const dead = await Promise.all(
    names.map(async name => {
      const pid = pattern.exec(name)?.[1];
      return pid !== undefined && !(await alive(pid)) ? [name] : [];
    }),
  );
  return dead.flat();
}

const alive = (pid: string) =>
  stat(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
