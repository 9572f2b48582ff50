import { OpsError } from '../errors/index.ts';
import type { HostWant } from '../inventory/index.ts';

/** '3.8 GiB', for messages about memory and disks. */
export const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** What the inventory demands, of every provider but those of a cloud. */
export function sizeOf({ name, cpus, memory }: HostWant): { cpus: number; memory: number } {
  if (cpus !== undefined && memory !== undefined) return { cpus, memory };
  throw new OpsError('INTERNAL', `cannot tell how large ${name} is to be: the inventory's checks let it through`);
}
