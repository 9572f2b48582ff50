import { readdir, readFile, readlink } from 'node:fs/promises';

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
