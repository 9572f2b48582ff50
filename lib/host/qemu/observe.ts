import { readFile, readlink } from 'node:fs/promises';
import { OpsError } from '../../errors/index.ts';
import type { Power } from '../decide.ts';
import type { Identity } from '../identity.ts';
import { comma } from './arguments.ts';
import type { MachineFiles } from './identity.ts';
import { qemuProcesses } from './processes.ts';
import { qmp } from './qmp.ts';

/**
 * The machine's process, found by its UUID and files; a pid file may lie. Errors: MACHINE_NOT_OURS when another QEMU
 * has our disk, or a machine with our UUID has other files; QMP_SILENT.
 */
export async function observePower(identity: Identity | undefined, files: MachineFiles): Promise<Power> {
  const processes = await qemuProcesses();
  const holdsDisk = processes.filter(({ args }) =>
    args.some(arg => arg.includes(`file.filename=${comma(files.disk)}`)),
  );
  const foreign = holdsDisk.find(({ uuid }) => uuid !== identity?.uuid);
  if (foreign) throw notOurs(`the process ${foreign.pid} has its disk, and another UUID (${foreign.uuid})`, files);
  const ours = holdsDisk[0];
  const twin = processes.find(({ uuid, pid }) => uuid === identity?.uuid && pid !== ours?.pid);
  if (twin) throw notOurs(`the process ${twin.pid} has its UUID and other files`, files);
  if (!ours) return { is: 'off' };
  // A machine that does not answer yet is not a machine that is off.
  const { status } = await qmp(files.qmp, 'query-status');
  return { is: 'on', pid: ours.pid, status: String(status) };
}

/** Reads and writes of all its disks since its start. Errors: QMP_SILENT. Source: QEMU QMP reference, query-blockstats. */
export async function diskOperations({ qmp: socket }: MachineFiles): Promise<number> {
  const disks = Object.values(await qmp(socket, 'query-blockstats')) as { stats: Record<string, number> }[];
  return disks.reduce((sum, { stats }) => sum + (stats.rd_operations ?? 0) + (stats.wr_operations ?? 0), 0);
}

const notOurs = (why: string, files: MachineFiles) =>
  new OpsError('MACHINE_NOT_OURS', `cannot touch the machine of ${files.dir}: ${why}`);

/**
 * Still the same process? One that is killed gives its program back first and its ports last, thread by thread: it runs
 * until nothing but its exit status is left.
 */
export async function processRuns(pid: number): Promise<boolean> {
  const [program, stat] = await Promise.all([
    readlink(`/proc/${pid}/exe`).catch(() => ''),
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
  ]);
  if (program !== '') return program.includes('qemu-system');
  // After the name in brackets: the state is the first field, the number of threads the 18th. Source: proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // X: its parent takes the exit status just now.
  return stat !== '' && !(/^[ZX]$/.test(fields[0] ?? '') && Number(fields[17]) <= 1);
}
