import { readdir, readFile } from 'node:fs/promises';

/** Arguments with NULs between them. '' for a process that ended meanwhile, and for a zombie. Source: proc(5). */
export const commandLine = (pid: string | number): Promise<string> =>
  readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');

/** Of every process of this computer. */
export async function commandLines(): Promise<{ pid: number; line: string }[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  return Promise.all(pids.map(async pid => ({ pid: Number(pid), line: await commandLine(pid) })));
}
