import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ctx, Dirs } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { seconds } from '../../time/index.ts';
import type { Accelerator } from './arguments.ts';

/** Emulation is that much slower where deadlines count. */
export const EMULATED_PACE = 6;

const bootId = async () => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
const path = (dirs: Pick<Dirs, 'cache'>, boot: string) => join(dirs.cache, 'kvm', boot);

/** What the probe of this boot said; undefined: there was none. */
export async function probedKvm(dirs: Pick<Dirs, 'cache'>): Promise<boolean | undefined> {
  const text = await readFile(path(dirs, await bootId()), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : text === 'works';
}

/**
 * /dev/kvm may open, create a machine, and still not run a kernel (nested hosts): only booting one tells. The kernel
 * has no root and is to panic for that; it is given the time that hardware needs, many times over.
 */
export async function kvmWorks(kernel: string, ctx: Ctx): Promise<boolean> {
  const { dirs } = ctx.run;
  const known = await probedKvm(dirs);
  if (known !== undefined) return known;
  const shell = await ctx.shell('localhost');
  ctx.progress('booting a kernel on /dev/kvm, to see whether it works');
  const argv = ['qemu-system-x86_64', '-accel', 'kvm', '-cpu', 'host', '-m', '256', '-nodefaults', '-no-user-config'];
  const boot = [
    '-display',
    'none',
    '-no-reboot',
    '-serial',
    'stdio',
    '-kernel',
    kernel,
    '-append',
    'console=ttyS0 panic=-1',
  ];
  const result = await shell.exec([...argv, ...boot], { timeout: seconds(8), signal: ctx.signal }).catch(error => {
    if (error instanceof OpsError && error.code === 'SHELL_TIMEOUT') return undefined;
    throw error;
  });
  const works = result?.code === 0 && /Kernel panic|Unable to mount root/.test(result.stdout.text);
  await mkdir(join(dirs.cache, 'kvm'), { recursive: true });
  await writeFile(path(dirs, await bootId()), works ? 'works' : 'does not');
  return works;
}

/** Errors: KVM_UNUSABLE when the inventory insists on it. */
export async function chooseAccelerator(wanted: 'auto' | Accelerator, kernel: string, ctx: Ctx): Promise<Accelerator> {
  if (wanted === 'tcg') return 'tcg';
  if (await kvmWorks(kernel, ctx)) return 'kvm';
  if (wanted === 'auto') return 'tcg';
  throw new OpsError('KVM_UNUSABLE', 'cannot start a machine with KVM: /dev/kvm does not run a kernel here');
}
