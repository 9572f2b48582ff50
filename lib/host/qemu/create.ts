import { copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { HostWant, Site } from '../../inventory/index.ts';
import { createSshKeyPair, Secret } from '../../secret/index.ts';
import { exists } from '../exists.ts';
import type { MachineImage } from '../machine-image/index.ts';
import { gib } from '../size.ts';
import {
  checkSocketPath,
  type Identity,
  keptPorts,
  machineFiles,
  newMacs,
  newUuid,
  segmentAddress,
  writeIdentity,
} from './identity.ts';
import { diskAvailable } from './observe.ts';
import { chooseForwards } from './ports.ts';
import { seedFiles } from './seed.ts';

export const OPERATOR_KEY = 'ssh/operator';
const OPERATOR_PUBLIC = 'ssh/operator.pub';
const hostKeyName = (machine: string) => `ssh/${machine}-host-key`;

/** Chooses what makes the machine this one: UUID, addresses, ports, host key. */
export async function createIdentity(site: Site, host: HostWant, ctx: Ctx): Promise<void> {
  const { secrets, run } = ctx;
  checkSocketPath(machineFiles(run.dirs.state, host.name));
  const { publicKey, privateKey } = await createSshKeyPair(host.name);
  await secrets.put(hostKeyName(host.name), privateKey);
  if (!(await secrets.get(OPERATOR_PUBLIC))) {
    const operator = await createSshKeyPair(`muster-${site.name}`);
    await secrets.put(OPERATOR_KEY, operator.privateKey);
    await secrets.put(OPERATOR_PUBLIC, new Secret(operator.publicKey));
  }
  await writeIdentity(run.dirs.state, {
    name: host.name,
    site: site.name,
    owner: run.dirs.project,
    run: run.id,
    uuid: newUuid(),
    macs: newMacs(),
    address: segmentAddress(site.hosts.findIndex(other => other.name === host.name)),
    forwards: await chooseForwards(site, await keptPorts(run.dirs.state)),
    hostKey: publicKey,
  });
}

/** Of what a machine was made; its kernel and base stay its own, whatever becomes of the cache. */
export interface MadeFrom {
  key: string;
  commandLine: string;
}

const madeFromPath = (dir: string) => join(dir, 'image.json');

/** undefined: the disk is not whole. It is written last. */
export async function madeFrom(dir: string): Promise<MadeFrom | undefined> {
  const text = await readFile(madeFromPath(dir), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as MadeFrom);
}

/** Overlay, kernel and seed. What a killed run left is made anew: nothing has booted from it. */
export async function createDisk(identity: Identity, host: HostWant, image: MachineImage, ctx: Ctx): Promise<void> {
  const files = machineFiles(ctx.run.dirs.state, host.name);
  const free = await diskAvailable(files.dir);
  if (free < host.disk)
    throw new OpsError(
      'TOO_LITTLE_DISK',
      `cannot make a disk of ${gib(host.disk)} for ${host.name}: ${gib(free)} free in ${files.dir}`,
    );
  await own(image.disk, files.base);
  await own(image.kernel, files.kernel);
  await own(image.initrd, files.initrd);
  const shell = await ctx.shell('localhost');
  await rm(files.disk, { force: true });
  // The backing file by a relative name: a checkout can be moved.
  const overlay = [
    'qemu-img',
    'create',
    '-q',
    '-f',
    'qcow2',
    '-F',
    image.format,
    '-b',
    'base.img',
    files.disk,
    `${host.disk}`,
  ];
  await shell.run(overlay, { signal: ctx.signal });
  await writeSeed(identity, ctx);
  const path = madeFromPath(files.dir);
  const { key, commandLine } = image;
  await writeFile(`${path}.new`, JSON.stringify({ key, commandLine } satisfies MadeFrom), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Another name for the cache's file: it outlives the cache. A copy where that is another file system. */
async function own(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(error => {
    if (error.code !== 'EXDEV' && error.code !== 'EPERM') throw error;
    return copyFile(from, to);
  });
}

async function writeSeed(identity: Identity, { run, secrets }: Ctx): Promise<void> {
  const { seed } = machineFiles(run.dirs.state, identity.name);
  const [hostKey, operator] = await Promise.all([
    secrets.get(hostKeyName(identity.name)),
    secrets.get(OPERATOR_PUBLIC),
  ]);
  if (!hostKey || !operator)
    throw new OpsError(
      'MACHINE_DAMAGED',
      `cannot seed ${identity.name}: its keys are gone from ${dirname(run.dirs.state)}`,
    );
  const files = seedFiles({ identity, operatorKey: operator.reveal(), hostPrivateKey: hostKey.reveal() });
  await rm(seed, { recursive: true, force: true });
  await mkdir(seed, { mode: 0o700 });
  for (const [name, text] of Object.entries(files)) await writeFile(join(seed, name), text, { mode: 0o600 });
}

/** Whether the disk can be used: a base that vanished would be noticed only by reading from it. */
export async function diskWhole(state: string, name: string): Promise<boolean> {
  const files = machineFiles(state, name);
  const there = await Promise.all([files.base, files.disk, files.kernel, files.initrd, files.seed].map(exists));
  return there.every(Boolean) && (await madeFrom(files.dir)) !== undefined;
}
