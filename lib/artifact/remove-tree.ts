import { readFile, realpath, rm } from 'node:fs/promises';
import { OpsError } from '../errors/index.ts';
import { type ToolDeps, tool } from './tool.ts';

/**
 * Removes what a build left. Nothing is removed through a mount: a killed build may have this computer's /dev or /proc
 * below its folder. Errors: ARTIFACT_BUILD when something stays mounted.
 */
export async function removeTree(dir: string, deps: ToolDeps): Promise<void> {
  for (const path of await mountsBelow(dir)) await tool(['umount', path], `cannot unmount ${path}`, deps);
  const [left] = await mountsBelow(dir);
  if (left)
    throw new OpsError('ARTIFACT_BUILD', `cannot remove ${dir}: ${left} is mounted`, { hint: `umount ${left}` });
  await rm(dir, { recursive: true, force: true }).catch(async error => {
    // What a tool made through sudo is root's.
    if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error;
    await tool(['rm', '-rf', '--one-file-system', dir], `cannot remove ${dir}`, deps);
  });
}

/** Deepest first. */
async function mountsBelow(dir: string): Promise<string[]> {
  const real = await realpath(dir).catch(() => dir);
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const points = lines.map(line => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '));
  return points.filter(point => point.startsWith(`${real}/`)).reverse();
}
