import { execFile } from 'node:child_process';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { podman } from '../../../../lib/host/container/podman.ts';

const exec = promisify(execFile);

/** Removes the instances of a test that was killed: its process is gone, its containers are not. */
export async function sweep(): Promise<void> {
  for (const name of await readdir('/run')) {
    const pid = /^muster-aws-(\d+)-\d+$/.exec(name)?.[1];
    if (pid === undefined || (await alive(pid))) continue;
    const [program = '', ...argv] = podman(
      { dir: '', root: '', console: '', run: `/run/${name}` },
      'rm',
      '-f',
      '-a',
      '-t',
      '0',
    );
    await exec(program, argv).catch(() => undefined);
    await rm(`/run/${name}`, { recursive: true, force: true });
  }
  for (const name of await readdir(tmpdir())) {
    const pid = /^muster-aws-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || (await alive(pid))) continue;
    const dir = join(tmpdir(), name);
    const disks = (await readFile('/proc/mounts', 'utf8')).split('\n').flatMap(line => line.split(' ')[1] ?? []);
    for (const disk of disks) if (disk.startsWith(`${dir}/`)) await exec('umount', [disk]).catch(() => undefined);
    await rm(dir, { recursive: true, force: true });
  }
}

const alive = (pid: string) =>
  stat(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
