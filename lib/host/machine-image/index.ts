/** Machine images: what a machine of this computer boots, built from Debian packages, with k3s in it where it can be. */

import {
  type ArtifactDeps,
  artifactDeps,
  findRecipe,
  keyOf,
  type Recipe,
  type Resolved,
  resolveRecipe,
  siteRecipe,
  thisArch,
} from '../../artifact/index.ts';
import type { Ctx } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { type Baked, bootRecipe, diskRecipe, type Place, treeRecipe } from './recipes.ts';

/** Files of the cache, which is only a cache: link or copy what a machine is to keep. */
export interface MachineImage {
  /** Of all that is in it. */
  key: string;
  /** A base to put an overlay on; its file system grows to the overlay's size. */
  disk: string;
  format: 'qcow2';
  kernel: string;
  initrd: string;
  /** Of the kernel. */
  commandLine: string;
}

/**
 * Under emulation, memory that is cleared and copied byte by byte is what takes the time, so pages are not cleared
 * twice, REP_GOOD is off (QEMU: -cpu max,-erms,-fsrm), and no code guards against what an emulated processor does not
 * do. After a panic the machine ends instead of standing still (QEMU: -no-reboot): who waits for it sees that.
 */
const COMMAND_LINE = [
  ...['root=/dev/vda', 'rw', 'console=ttyS0', 'quiet', 'panic=-1', 'net.ifnames=0'],
  ...['init_on_alloc=0', 'mitigations=off', 'clearcpuid=rep_good'],
  // Drivers that udev would load at each boot for features nobody uses. Not evdev: the power button needs it.
  `module_blacklist=${['kvm_amd', 'kvm_intel', 'kvm', 'aesni_intel', 'ghash_clmulni_intel', 'sha512_ssse3', 'sha256_ssse3', 'sha1_ssse3', 'crct10dif_pclmul', 'crc32_pclmul', 'serio_raw'].join(',')}`,
].join(' ');

/** Gives the file of a recipe; undefined: it is not in the cache. */
type Have = (recipe: Recipe) => Promise<Resolved | undefined>;

interface Parts {
  tree: Resolved;
  kernel: Resolved;
  initrd: Resolved;
  disk: Resolved;
}

/** The image if all of it is in the cache: reads only. */
export async function findMachineImage(site: Site, ctx: Ctx): Promise<MachineImage | undefined> {
  const deps = await artifactDeps(site, ctx);
  const parts = await assemble(site, deps.project, recipe => findRecipe(recipe, deps));
  return parts && imageOf(parts);
}

/** Takes a minute or two the first time, seconds when only k3s or its images changed. Errors: those of a build. */
export const makeMachineImage = async (site: Site, ctx: Ctx): Promise<MachineImage> =>
  imageOf(await makeParts(site, await artifactDeps(site, ctx)));

/**
 * What the machines of a site start from, made if it is not in the cache: for a bundle. Hosts you bring start without
 * us, and EC2's from an image of theirs. Errors: those of a build.
 */
export async function machineArtifacts(site: Site, deps: ArtifactDeps): Promise<Resolved[]> {
  if (site.provider.kind === 'container')
    return [await resolveRecipe(await treeRecipe({ project: deps.project, arch: thisArch() }), deps)];
  if (site.provider.kind !== 'qemu') return [];
  const { tree, kernel, initrd, disk } = await makeParts(site, deps);
  return [tree, kernel, initrd, disk];
}

async function makeParts(site: Site, deps: ArtifactDeps): Promise<Parts> {
  const parts = await assemble(site, deps.project, recipe => resolveRecipe(recipe, deps));
  if (!parts) throw new Error('an artifact was made and is not there');
  return parts;
}

/** What a machine of any kind is made from; undefined: not all of it is there. */
export async function ingredients(
  site: Site,
  project: string,
  have: Have,
): Promise<{ tree: Resolved; baked: Baked | undefined } | undefined> {
  const tree = await have(await treeRecipe({ project, arch: thisArch() }));
  if (!tree) return undefined;
  const baked = await bakedParts(site, project, have);
  return baked === 'missing' ? undefined : { tree, baked };
}

async function assemble(site: Site, project: string, have: Have): Promise<Parts | undefined> {
  const place: Place = { project, arch: thisArch() };
  const made = await ingredients(site, project, have);
  if (!made) return undefined;
  const { tree, baked } = made;
  const kernel = await have(await bootRecipe(place, 'vmlinuz', tree));
  const initrd = await have(await bootRecipe(place, 'initrd', tree));
  const disk = await have(await diskRecipe(place, tree, baked));
  return kernel && initrd && disk && { tree, kernel, initrd, disk };
}

function imageOf({ kernel, initrd, disk }: Parts): MachineImage {
  const digests = { disk: disk.sha256, kernel: kernel.sha256, initrd: initrd.sha256 };
  const key = keyOf({ name: 'machine', version: '', arch: thisArch() }, digests);
  return { key, disk: disk.path, format: 'qcow2', kernel: kernel.path, initrd: initrd.path, commandLine: COMMAND_LINE };
}

/** undefined: a released k3s imports its images itself, over SSH; only the lab binary can do so on this computer. */
async function bakedParts(site: Site, project: string, have: Have): Promise<Baked | undefined | 'missing'> {
  const [binary, archive] = await Promise.all([siteRecipe(site, 'k3s', project), siteRecipe(site, 'images', project)]);
  if (!binary?.build || !archive) return undefined;
  const k3s = await have(binary);
  const images = await have(archive);
  return k3s && images ? { k3s, images } : 'missing';
}
