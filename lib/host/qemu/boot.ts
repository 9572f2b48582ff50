import { rm } from 'node:fs/promises';
import type { Ctx, Probe } from '../../engine/index.ts';
import { isOpsError, OpsError, oneLine } from '../../errors/index.ts';
import type { HostWant, Site } from '../../inventory/index.ts';
import { seconds } from '../../time/index.ts';
import { gib } from '../size.ts';
import { qemuArguments } from './arguments.ts';
import { madeFrom } from './create.ts';
import { type Identity, machineFiles } from './identity.ts';
import { chooseAccelerator } from './kvm.ts';
import { memoryAvailable, observePower, processRuns, serialTail } from './observe.ts';
import { isFree, portTaken } from './ports.ts';
import { qmp } from './qmp.ts';

/** Starts the process. Errors: PORT_TAKEN, TOO_LITTLE_MEMORY, KVM_UNUSABLE, COMMAND_FAILED with QEMU's words. */
export async function startMachine(site: Site, host: HostWant, identity: Identity, ctx: Ctx): Promise<void> {
  const files = machineFiles(ctx.run.dirs.state, host.name);
  for (const [kind, port] of Object.entries(identity.forwards))
    if (!(await isFree(port))) throw await portTaken(port, `${kind} of ${host.name}`);
  const free = await memoryAvailable();
  if (free < host.memory)
    throw new OpsError(
      'TOO_LITTLE_MEMORY',
      `cannot start ${host.name} with ${gib(host.memory)}: ${gib(free)} of memory are free`,
    );
  const made = await madeFrom(files.dir);
  if (!made) throw new OpsError('MACHINE_DAMAGED', `cannot start ${host.name}: its disk is not whole`);
  const wanted = site.provider.kind === 'qemu' ? site.provider.accelerator : 'auto';
  const accelerator = await chooseAccelerator(wanted, files.kernel, ctx);
  const { cpus, memory } = host;
  const { commandLine } = made;
  await rm(files.serial, { force: true });
  const argv = qemuArguments({ identity, files, cpus, memory, accelerator, commandLine, run: ctx.run.id });
  await (await ctx.shell('localhost')).run(argv, { signal: ctx.signal, timeout: seconds(60) });
}

export interface Reached {
  /** Why it cannot be reached; absent: it can. */
  saw?: string;
}

const bootId: Probe<string> = {
  id: 'boot-id',
  script: 'cat /proc/sys/kernel/random/boot_id',
  parse: stdout => stdout.trim(),
};

/** Asks for a fact over SSH. A host key that is not the planted one is no matter of waiting. */
export async function reach(host: string, ctx: Ctx): Promise<Reached> {
  try {
    await ctx.facts(host, bootId);
    return {};
  } catch (error) {
    if (isOpsError(error, 'SHELL_UNREACHABLE') || isOpsError(error, 'SHELL_LOST') || isOpsError(error, 'HOST_ABSENT'))
      return { saw: oneLine(error) };
    throw error;
  }
}

/** Until it answers over SSH. Errors: MACHINE_DIED with the console's last lines; WAIT_TIMEOUT. */
export async function waitForSsh(host: string, identity: Identity, ctx: Ctx): Promise<void> {
  const files = machineFiles(ctx.run.dirs.state, host);
  const power = await observePower(identity, files);
  await ctx.wait({
    what: `SSH of ${host}`,
    deadline: seconds(60),
    every: 500,
    hint: `look at ${files.serial}`,
    probe: async () => {
      if (power.is === 'off' || !(await processRuns(power.pid))) throw await died(host, await serialTail(files));
      const { saw } = await reach(host, ctx);
      return saw === undefined ? { value: true } : { saw };
    },
  });
}

const died = async (host: string, details: string[]) =>
  new OpsError('MACHINE_DIED', `cannot reach ${host}: its machine is off; the end of its console follows`, { details });

/** A clean stop, or none: what does not power off is named, not killed. */
export async function powerOff(host: string, identity: Identity, ctx: Ctx): Promise<void> {
  const files = machineFiles(ctx.run.dirs.state, host);
  const power = await observePower(identity, files);
  if (power.is === 'off') return;
  await qmp(files.qmp, 'system_powerdown');
  await gone(host, power.pid, ctx, seconds(30));
}

/** As a loss of power. */
export async function kill(host: string, identity: Identity | undefined, ctx: Ctx): Promise<void> {
  const power = await observePower(identity, machineFiles(ctx.run.dirs.state, host));
  if (power.is === 'off') return;
  process.kill(power.pid, 'SIGKILL');
  await gone(host, power.pid, ctx, seconds(5));
}

const gone = (host: string, pid: number, ctx: Ctx, deadline: number) =>
  ctx.wait({
    what: `${host} off`,
    deadline,
    every: 200,
    hint: `kill ${pid}, as a loss of power would`,
    probe: async () => ((await processRuns(pid)) ? { saw: `process ${pid} runs` } : { value: true }),
  });
