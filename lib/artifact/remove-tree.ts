import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { OpsError } from '../errors/index.ts';
import type { Clock } from '../time/index.ts';
import { type ToolDeps, tool } from './tool.ts';

/**
 * Removes what a build left. A killed run's tools go on without it, and mmdebstrap mounts this computer's /proc, /sys
 * and /dev/shm below its folder: they are ended first, and nothing is removed through a mount. Errors: ARTIFACT_BUILD
 * when something stays mounted.
 */
export async function removeTree(dir: string, deps: ToolDeps & { clock: Clock }): Promise<void> {
  const real = await realpath(dir).catch(() => undefined);
  if (real === undefined) return;
  for (let round = 0; round < 40; round++) {
    const pids = await processesOf(real);
    if (pids.length === 0) break;
    for (const pid of pids) end(pid);
    await deps.clock.sleep(50);
  }
  for (const path of await mountsBelow(real)) await tool(['umount', path], `cannot unmount ${path}`, deps);
  const [left] = await mountsBelow(real);
  if (left)
    throw new OpsError('ARTIFACT_BUILD', `cannot remove ${dir}: ${left} is mounted`, { hint: `umount ${left}` });
  await rm(real, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(async error => {
    // What a tool made through sudo is root's.
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error;
    await tool(['rm', '-rf', '--one-file-system', real], `cannot remove ${dir}`, deps);
  });
}

/** Processes that were told to work below `dir`, or live there; those of other users are not seen without root. */
async function processesOf(dir: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(pid => pid > 1 && pid !== process.pid);
  const own = await Promise.all(pids.map(pid => livesIn(pid, `${dir}/`)));
  return pids.filter((_, index) => own[index]);
}

async function livesIn(pid: number, below: string): Promise<boolean> {
  const at = `/proc/${pid}`;
  const seen = await Promise.all([
    // Marked by TMPDIR or GOTMPDIR.
    readFile(`${at}/environ`, 'latin1').then(text => text.includes(`TMPDIR=${below}`)),
    readlink(`${at}/root`).then(path => path.startsWith(below)),
    readlink(`${at}/cwd`).then(path => path.startsWith(below)),
  ]).catch((): boolean[] => []);
  return seen.includes(true);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone meanwhile, or another user's.
  }
}

/** Deepest first. */
async function mountsBelow(dir: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const points = lines.map(line => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '));
  return points.filter(point => point.startsWith(`${dir}/`)).reverse();
}
