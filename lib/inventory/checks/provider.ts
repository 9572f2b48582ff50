import type { Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

/** A container shares this computer's kernel and may do what root may: nothing that anybody depends on runs so. */
export function checkProvider({ environment, provider }: Inventory): Problem[] {
  if (provider.kind !== 'container' || environment === 'lab') return [];
  const expected = 'qemu or existing: machines as containers are for labs';
  return [{ path: ['provider', 'kind'], got: `container in ${environment}`, expected }];
}
