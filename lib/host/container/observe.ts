import { OpsError } from '../../errors/index.ts';
import { commandLine } from '../command-lines.ts';
import type { Power } from '../decide.ts';
import type { Identity } from '../identity.ts';
import type { ContainerFiles } from './podman.ts';
import { containerProcesses } from './processes.ts';

/**
 * The machine's monitor, found by its UUID and store. Errors: MACHINE_NOT_OURS when another container is in our store or
 * writes our console, or a machine with our UUID has other files.
 */
export async function observePower(identity: Identity | undefined, files: ContainerFiles): Promise<Power> {
  const processes = await containerProcesses();
  const here = processes.filter(({ bundle, log }) => bundle.startsWith(`${files.run}/`) || log === files.console);
  const foreign = here.find(({ uuid }) => uuid !== identity?.uuid);
  if (foreign) throw notOurs(`the container of process ${foreign.pid} is in its place (UUID ${foreign.uuid})`, files);
  const ours = here[0];
  const twin = processes.find(({ uuid, pid }) => uuid === identity?.uuid && pid !== ours?.pid);
  if (twin) throw notOurs(`the container of process ${twin.pid} has its UUID and other files`, files);
  return ours ? { is: 'on', pid: ours.pid, status: 'running' } : { is: 'off' };
}

const notOurs = (why: string, files: ContainerFiles) =>
  new OpsError('MACHINE_NOT_OURS', `cannot touch the machine of ${files.dir}: ${why}`);

/** Still the same monitor? */
export const processRuns = async (pid: number): Promise<boolean> => (await commandLine(pid)).includes('conmon');
