import { readFile, statfs } from 'node:fs/promises';
import { OpsError } from '../errors/index.ts';
import type { HostWant } from '../inventory/index.ts';
import { gib, sizeOf } from './size.ts';

/** Errors: TOO_LITTLE_MEMORY. */
export async function needMemory(host: HostWant): Promise<void> {
  const free = await memoryAvailable();
  const { memory } = sizeOf(host);
  if (free < memory)
    throw new OpsError(
      'TOO_LITTLE_MEMORY',
      `cannot start ${host.name} with ${gib(memory)}: ${gib(free)} of memory are free`,
    );
}

/** Errors: TOO_LITTLE_DISK. */
export async function needDisk(host: HostWant, dir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < host.disk)
    throw new OpsError(
      'TOO_LITTLE_DISK',
      `cannot make a disk of ${gib(host.disk)} for ${host.name}: ${gib(free)} free in ${dir}`,
    );
}

/** Bytes that a new process could have without swapping. */
async function memoryAvailable(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8');
  return Number(/^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}
