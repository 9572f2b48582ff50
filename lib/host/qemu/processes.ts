import { commandLines } from '../command-lines.ts';

/** A QEMU process, read from /proc: a pid file may name another process by now. */
export interface QemuProcess {
  pid: number;
  uuid: string;
  /** -name. */
  name: string;
  args: readonly string[];
}

/** Every QEMU process of this computer that has a -uuid. */
export async function qemuProcesses(): Promise<QemuProcess[]> {
  return (await commandLines()).flatMap(({ pid, line }) => parse(pid, line) ?? []);
}

function parse(pid: number, line: string): QemuProcess | undefined {
  const args = line.split('\0');
  if (!/(^|\/)qemu-system-[a-z0-9_]+$/.test(args[0] ?? '')) return undefined;
  const after = (flag: string) => args[args.indexOf(flag) + 1] ?? '';
  if (!args.includes('-uuid')) return undefined;
  return { pid, uuid: after('-uuid'), name: args.includes('-name') ? after('-name') : '', args };
}
