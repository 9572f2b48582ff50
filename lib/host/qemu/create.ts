import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ctx, Shell } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { HostWant, Site } from '../../inventory/index.ts';
import { needDisk } from '../capacity.ts';
import { exists } from '../exists.ts';
import { type Fence, plantedByFence } from '../fence.ts';
import { knownIdentity, newIdentity } from '../identity.ts';
import { createKeys, plantedKeys } from '../keys.ts';
import { findMachineImage } from '../machine-image/index.ts';
import { reserve } from '../reserve.ts';
import { checkSocketPath, machineFiles, newMacs, type QemuIdentity, segmentAddress } from './identity.ts';
import { seedFiles } from './seed.ts';

/** Chooses what makes the machine this one: UUID, addresses, ports, host key. */
export async function createIdentity(site: Site, host: HostWant, ctx: Ctx): Promise<void> {
  const { state } = ctx.run.dirs;
  checkSocketPath(machineFiles(state, host.name));
  const hostKey = await createKeys(site.name, host.name, ctx);
  await reserve(
    ctx,
    async (kept): Promise<QemuIdentity> => ({
      ...(await newIdentity(site, host, hostKey, ctx, kept)),
      macs: newMacs(),
      address: segmentAddress(site.hosts.findIndex(other => other.name === host.name)),
    }),
  );
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
export async function createDisk(site: Site, host: HostWant, fence: Fence | undefined, ctx: Ctx): Promise<void> {
  const files = machineFiles(ctx.run.dirs.state, host.name);
  const [identity, image] = await Promise.all([
    knownIdentity<QemuIdentity>(ctx.run.dirs.state, host.name),
    findMachineImage(site, ctx),
  ]);
  if (!image) throw new OpsError('MACHINE_DAMAGED', `cannot make the disk of ${host.name}: the machine image is gone`);
  await needDisk(host, files.dir);
  const shell = await ctx.shell('localhost');
  for (const [from, to] of [
    [image.disk, files.base],
    [image.kernel, files.kernel],
    [image.initrd, files.initrd],
  ] as const)
    await own(from, to, shell);
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
  await writeSeed(identity, fence, ctx);
  const path = madeFromPath(files.dir);
  const { key, commandLine } = image;
  await writeFile(`${path}.new`, JSON.stringify({ key, commandLine } satisfies MadeFrom), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Another name for the cache's file: it outlives the cache. A copy with its holes where that is another mount, as in a rehearsal. */
async function own(from: string, to: string, shell: Shell): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(async error => {
    if (error.code !== 'EXDEV' && error.code !== 'EPERM') throw error;
    await shell.run(['cp', '--reflink=auto', '--sparse=auto', from, to]);
  });
}

async function writeSeed(identity: QemuIdentity, fence: Fence | undefined, ctx: Ctx): Promise<void> {
  const { seed } = machineFiles(ctx.run.dirs.state, identity.name);
  const { operatorKey, hostPrivateKey } = await plantedKeys(identity.name, ctx);
  const files = seedFiles({
    identity,
    operatorKey,
    hostPrivateKey: hostPrivateKey.reveal(),
    ...(fence && { planted: plantedByFence(fence) }),
  });
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
