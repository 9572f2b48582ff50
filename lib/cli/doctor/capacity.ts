import { readFile, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { gib } from '../../host/size.ts';
import { type Check, failed, ok } from './check.ts';

/** Bytes that a user may still write; a directory that is not made yet counts as its parent. */
export async function freeDisk(path: string): Promise<{ free: number; device: string }> {
  try {
    const { bavail, bsize, blocks, type } = await statfs(path);
    return { free: bavail * bsize, device: `${type}:${blocks}` };
  } catch (error) {
    if (dirname(path) === path) throw error;
    return freeDisk(dirname(path));
  }
}

export interface DiskNeed {
  path: string;
  bytes: number;
  why: string;
}

/** Needs that lie on one file system are added up. */
export const diskCheck = (needs: readonly DiskNeed[], look = freeDisk): Check => ({
  name: 'disk',
  why: needs.map(({ why, bytes }) => `${gib(bytes)} for ${why}`).join(', ') || 'nothing more is needed',
  look: async () => {
    const seen = await Promise.all(needs.map(async need => ({ ...need, ...(await look(need.path)) })));
    const groups = Map.groupBy(seen, ({ device }) => device);
    const short = [...groups.values()].find(group => (group[0]?.free ?? 0) < sum(group));
    const shown = [...groups.values()].map(group => `${gib(group[0]?.free ?? 0)} free at ${group[0]?.path}`).join(', ');
    if (!short) return ok(shown || 'enough');
    return failed(`${shown}; expected ${gib(sum(short))}`, `free ${gib(sum(short) - (short[0]?.free ?? 0))} there`);
  },
});

const sum = (needs: readonly DiskNeed[]) => needs.reduce((total, { bytes }) => total + bytes, 0);

/** What the kernel would give without swapping. Bytes. */
export async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const kib = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]);
  if (Number.isNaN(kib)) throw new Error('cannot read MemAvailable in /proc/meminfo');
  return kib * 1024;
}

export const memoryCheck = (bytes: number, why: string, look = availableMemory): Check => ({
  name: 'memory',
  why: bytes === 0 ? 'nothing more is needed' : `${gib(bytes)} for ${why}`,
  look: async () => {
    const available = await look();
    if (available >= bytes) return ok(`${gib(available)} available`);
    const hint = 'end other programs, or give hosts less memory in the inventory';
    return failed(`${gib(available)} available, expected ${gib(bytes)}`, hint);
  },
});
