import { rm } from 'node:fs/promises';
import type { Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { HostWant, Site } from '../../inventory/index.ts';
import { seconds } from '../../time/index.ts';
import { needMemory } from '../capacity.ts';
import { needPorts } from '../ports.ts';
import { sizeOf } from '../size.ts';
import { qemuArguments } from './arguments.ts';
import { madeFrom } from './create.ts';
import { machineFiles, type QemuIdentity } from './identity.ts';
import { chooseAccelerator } from './kvm.ts';

/** Starts the process. Errors: PORT_TAKEN, TOO_LITTLE_MEMORY, KVM_UNUSABLE, COMMAND_FAILED with QEMU's words. */
export async function startMachine(site: Site, host: HostWant, identity: QemuIdentity, ctx: Ctx): Promise<void> {
  const files = machineFiles(ctx.run.dirs.state, host.name);
  await needPorts(host.name, identity.forwards);
  await needMemory(host);
  const made = await madeFrom(files.dir);
  if (!made) throw new OpsError('MACHINE_DAMAGED', `cannot start ${host.name}: its disk is not whole`);
  const wanted = site.provider.kind === 'qemu' ? site.provider.accelerator : 'auto';
  const accelerator = await chooseAccelerator(wanted, files.kernel, ctx);
  const { cpus, memory } = sizeOf(host);
  const { commandLine } = made;
  await rm(files.serial, { force: true });
  const argv = qemuArguments({ identity, files, cpus, memory, accelerator, commandLine, run: ctx.run.id });
  await (await ctx.shell('localhost')).run(argv, { signal: ctx.signal, timeout: seconds(60) });
}
