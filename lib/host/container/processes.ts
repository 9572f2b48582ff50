import { commandLines } from '../command-lines.ts';

/** A container's monitor, read from /proc: podman's own notes need root, and may be gone. */
export interface ContainerProcess {
  pid: number;
  /** 'muster-<site>-<machine>'. */
  name: string;
  /** Of the machine: it ends the container's name. */
  uuid: string;
  /** Path of its log. */
  log: string;
  /** Its folder in podman's store. */
  bundle: string;
}

export const machineName = (site: string, machine: string): string => `muster-${site}-${machine}`;
export const containerName = (site: string, machine: string, uuid: string): string =>
  `${machineName(site, machine)}-${uuid}`;

/** Every running container of this computer that is called as a machine. */
export async function containerProcesses(): Promise<ContainerProcess[]> {
  return (await commandLines()).flatMap(({ pid, line }) => parse(pid, line) ?? []);
}

/** A process of podman's with something of this store among its arguments: it puts away after the monitor has ended. */
export async function userOfStore(run: string): Promise<number | undefined> {
  const uses = (line: string) => /^[^\0]*(podman|conmon)\0/.test(line) && line.includes(`${run}/`);
  return (await commandLines()).find(({ line }) => uses(line))?.pid;
}

function parse(pid: number, line: string): ContainerProcess | undefined {
  const args = line.split('\0');
  if (!/(^|\/)conmon$/.test(args[0] ?? '')) return undefined;
  const after = (flag: string) => (args.includes(flag) ? (args[args.indexOf(flag) + 1] ?? '') : '');
  const [, name, uuid] = /^(muster-.+)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(after('-n')) ?? [];
  // That of a `podman exec` has a folder below the container's own.
  if (name === undefined || uuid === undefined || !after('-b').endsWith('/userdata')) return undefined;
  return { pid, name, uuid, log: after('-l').replace(/^k8s-file:/, ''), bundle: after('-b') };
}
