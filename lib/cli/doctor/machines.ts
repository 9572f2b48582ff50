import { access, constants } from 'node:fs/promises';
import { type Check, type Finding, failed, ok, unknown } from './check.ts';

export type Accelerator = 'auto' | 'kvm' | 'tcg';

/** Whether the device opens for this user; that says nothing about a kernel on it. */
export const kvmOpens = (device = '/dev/kvm'): Promise<boolean> =>
  access(device, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );

/**
 * /dev/kvm may open and still not run a kernel: only a boot tells, and bootstrap does one. Until then nothing is said
 * about KVM; with `auto` machines run in any case, emulated.
 */
export const acceleratorCheck = (
  wanted: Accelerator,
  probed: () => Promise<boolean | undefined>,
  opens = kvmOpens,
): Check => ({
  name: 'kvm',
  why: 'machines at the speed of this computer; without it they are emulated',
  look: async () => {
    if (wanted === 'tcg') return ok('not used: the inventory says tcg');
    const works = await probed();
    if (works) return ok('a kernel boots on /dev/kvm');
    if (works === false) return without(wanted, 'no kernel boots on /dev/kvm');
    if (!(await opens())) return without(wanted, '/dev/kvm does not open for this user');
    const seen = '/dev/kvm opens; whether a kernel boots on it is seen when the first machine is made';
    return wanted === 'kvm' ? unknown(seen) : ok(`${seen}; emulation works in any case`);
  },
});

const without = (wanted: Accelerator, seen: string): Finding =>
  wanted === 'kvm' ? failed(seen, 'in the inventory: accelerator: auto') : ok(`${seen}: machines are emulated`);

/** Ports that the inventory names for machines that are off: nobody else may have them. */
export const portCheck = (
  wanted: Readonly<Record<string, number>>,
  isFree: (port: number) => Promise<boolean>,
  holder: (port: number) => Promise<string | undefined>,
): Check => ({
  name: 'ports',
  why: 'lead from 127.0.0.1 into the machines',
  look: async () => {
    const named = Object.entries(wanted);
    if (named.length === 0) return ok('free ones are found');
    for (const [use, port] of named) {
      if (await isFree(port)) continue;
      const by = (await holder(port)) ?? 'a process that this user cannot see';
      return failed(`${port} (${use}) is taken by ${by}`, `stop it, or change provider.ports.${use} in the inventory`);
    }
    return ok(`free: ${named.map(([use, port]) => `${port} (${use})`).join(', ')}`);
  },
});
