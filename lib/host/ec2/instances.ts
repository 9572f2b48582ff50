import type { Instance } from '@aws-sdk/client-ec2';
import type { Cloud } from './step.ts';
import { roleOf } from './tags.ts';

export const hostRole = (name: string): string => `host/${name}`;

export const stateOf = ({ State }: Instance): string => State?.Name ?? 'unknown';
const isGone = (instance: Instance) => ['terminated', 'shutting-down'].includes(stateOf(instance));

/** Machines of this name that are there, on or off; and those that were. */
export async function instancesOf(
  { view }: Cloud,
  name: string,
  how: 'see' | 'look' = 'see',
): Promise<{ living: Instance[]; gone: Instance[] }> {
  const all = (await view[how]('instances')).filter(instance => roleOf(instance) === hostRole(name));
  return { living: all.filter(one => !isGone(one)), gone: all.filter(isGone) };
}
