import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OpsError } from '../../errors/index.ts';

/** Ports of 127.0.0.1 that lead into a machine: found free once, then kept. */
export interface Forwards {
  ssh: number;
  api: number;
  web: number;
}

/** What makes a machine this one, chosen before anything of it is made: a killed run finds it again. */
export interface Identity {
  name: string;
  site: string;
  /** The checkout: two of them may have a site of the same name. */
  owner: string;
  run: string;
  uuid: string;
  /** Of the way out, and of the site's own segment. */
  macs: { out: string; segment: string };
  /** On the segment; the node's address. */
  address: string;
  forwards: Forwards;
  /** OpenSSH public key line, planted before the first boot. */
  hostKey: string;
}

/** Where a machine's files lie; the folder is 0700. */
export interface MachineFiles {
  dir: string;
  identity: string;
  base: string;
  disk: string;
  seed: string;
  kernel: string;
  initrd: string;
  qmp: string;
  serial: string;
  pid: string;
}

export const machinesDir = (state: string): string => join(state, 'machines');

export function machineFiles(state: string, name: string): MachineFiles {
  const dir = join(machinesDir(state), name);
  const file = (base: string) => join(dir, base);
  return {
    dir,
    identity: file('machine.json'),
    base: file('base.img'),
    disk: file('disk.qcow2'),
    seed: file('seed'),
    kernel: file('kernel'),
    initrd: file('initrd'),
    qmp: file('qmp'),
    serial: file('serial.log'),
    pid: file('pid'),
  };
}

/** A UNIX socket's path has 107 bytes at the most. */
const SOCKET_LIMIT = 107;

/** Errors: STATE_PATH_LONG: QEMU could not listen there. */
export function checkSocketPath(files: MachineFiles): void {
  if (Buffer.byteLength(files.qmp) <= SOCKET_LIMIT) return;
  throw new OpsError('STATE_PATH_LONG', `cannot listen on ${files.qmp}: its path has more than ${SOCKET_LIMIT} bytes`);
}

/** undefined: there is none. Errors: MACHINE_DAMAGED when it is not one. */
export async function readIdentity(state: string, name: string): Promise<Identity | undefined> {
  const path = machineFiles(state, name).identity;
  const text = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Identity;
  } catch (cause) {
    throw new OpsError('MACHINE_DAMAGED', `cannot read ${path}: it is not what muster wrote`, { cause });
  }
}

/** Whole or not at all, and durable. */
export async function writeIdentity(state: string, identity: Identity): Promise<void> {
  const { dir, identity: path } = machineFiles(state, identity.name);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  await file.writeFile(`${JSON.stringify(identity, null, 2)}\n`);
  await file.sync();
  await file.close();
  await rename(draft, path);
}

const names = (dir: string) => readdir(dir).catch(() => [] as string[]);

/** Ports that machines of this checkout keep, on or off, of every site. */
export async function keptPorts(state: string): Promise<Set<number>> {
  const sites = dirname(state);
  const states = (await names(sites)).map(site => join(sites, site));
  const machines = await Promise.all(
    // Another site's damaged machine is no matter of this one.
    states.map(async dir =>
      Promise.all((await names(machinesDir(dir))).map(name => readIdentity(dir, name).catch(() => undefined))),
    ),
  );
  return new Set(machines.flat().flatMap(machine => Object.values<number>({ ...machine?.forwards })));
}

/** Locally administered: 52:54:00 is QEMU's own. */
const mac = () => `52:54:00:${[...randomBytes(3)].map(byte => byte.toString(16).padStart(2, '0')).join(':')}`;

export const newUuid = (): string => randomUUID();
export const newMacs = () => ({ out: mac(), segment: mac() });

/** The site's segment is 10.77.0.0/24; a machine's place in the inventory is its number. */
export const segmentAddress = (position: number): string => `10.77.0.${position + 1}`;
