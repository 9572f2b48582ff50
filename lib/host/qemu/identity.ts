import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { OpsError } from '../../errors/index.ts';
import { type Identity, machineDir } from '../identity.ts';

export interface QemuIdentity extends Identity {
  /** Of the way out, and of the site's own segment. */
  macs: { out: string; segment: string };
  /** On the segment; the node's address. */
  address: string;
}

/** Where a machine's files lie; the folder is 0700. */
export interface MachineFiles {
  dir: string;
  base: string;
  disk: string;
  seed: string;
  kernel: string;
  initrd: string;
  qmp: string;
  serial: string;
  pid: string;
}

export function machineFiles(state: string, name: string): MachineFiles {
  const dir = machineDir(state, name);
  const file = (base: string) => join(dir, base);
  return {
    dir,
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

/** Locally administered: 52:54:00 is QEMU's own. */
const mac = () => `52:54:00:${[...randomBytes(3)].map(byte => byte.toString(16).padStart(2, '0')).join(':')}`;

export const newMacs = () => ({ out: mac(), segment: mac() });

/** The site's segment is 10.77.0.0/24; a machine's place in the inventory is its number. */
export const segmentAddress = (position: number): string => `10.77.0.${position + 1}`;
