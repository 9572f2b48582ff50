import { readdir, readFile, readlink } from 'node:fs/promises';

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
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async pid => parse(Number(pid), await commandLine(pid))));
  return found.flatMap(process => process ?? []);
}

/** '' for a process that ended meanwhile, and for a zombie. */
const commandLine = (pid: string | number) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');

function parse(pid: number, line: string): QemuProcess | undefined {
  const args = line.split('\0');
  if (!/(^|\/)qemu-system-[a-z0-9_]+$/.test(args[0] ?? '')) return undefined;
  const after = (flag: string) => args[args.indexOf(flag) + 1] ?? '';
  if (!args.includes('-uuid')) return undefined;
  return { pid, uuid: after('-uuid'), name: args.includes('-name') ? after('-name') : '', args };
}

/** The process that listens on a TCP port of this computer: 'nginx (pid 812)'; 'another user's process' when it is hidden. */
export async function portHolder(port: number): Promise<string | undefined> {
  const inodes = (await Promise.all(['tcp', 'tcp6'].map(table => listeners(table, port)))).flat();
  if (inodes.length === 0) return undefined;
  const wanted = new Set(inodes.map(inode => `socket:[${inode}]`));
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    const fds = await readdir(`/proc/${pid}/fd`).catch(() => [] as string[]);
    for (const fd of fds) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      if (wanted.has(target))
        return `${(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim()} (pid ${pid})`;
    }
  }
  return "a process of another user's";
}

/** Socket inodes in state LISTEN (0A) on the port, whatever the address. */
async function listeners(table: string, port: number): Promise<string[]> {
  const text = await readFile(`/proc/net/${table}`, 'utf8').catch(() => '');
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return text.split('\n').flatMap(line => {
    const fields = line.trim().split(/\s+/);
    return fields[1]?.endsWith(`:${hex}`) && fields[3] === '0A' ? [fields[9] ?? ''] : [];
  });
}
