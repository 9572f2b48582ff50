/** Machine images: what a machine of this computer boots, built from Debian packages, with k3s in it where it can be. */

import {
  artifactDeps,
  findRecipe,
  keyOf,
  type Recipe,
  resolveRecipe,
  siteRecipe,
  thisArch,
} from '../../artifact/index.ts';
import type { Ctx } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { type Baked, bootRecipe, diskRecipe, type Ingredient, treeRecipe } from './recipes.ts';

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
type Have = (recipe: Recipe) => Promise<Ingredient | undefined>;

/** The image if all of it is in the cache: reads only. */
export async function findMachineImage(site: Site, ctx: Ctx): Promise<MachineImage | undefined> {
  const deps = await artifactDeps(site, ctx);
  return assemble(site, ctx, recipe => findRecipe(recipe, deps));
}

/** Takes a minute or two the first time, seconds when only k3s or its images changed. Errors: those of a build. */
export async function makeMachineImage(site: Site, ctx: Ctx): Promise<MachineImage> {
  const deps = await artifactDeps(site, ctx);
  const image = await assemble(site, ctx, recipe => resolveRecipe(recipe, deps));
  if (!image) throw new Error('an artifact was made and is not there');
  return image;
}

async function assemble(site: Site, ctx: Ctx, have: Have): Promise<MachineImage | undefined> {
  const place = { project: ctx.run.dirs.project, arch: thisArch() };
  const tree = await have(await treeRecipe(place));
  if (!tree) return undefined;
  const baked = await bakedParts(site, place.project, have);
  if (baked === 'missing') return undefined;
  const kernel = await have(await bootRecipe(place, 'vmlinuz', tree));
  const initrd = await have(await bootRecipe(place, 'initrd', tree));
  const disk = await have(await diskRecipe(place, tree, baked));
  if (!kernel || !initrd || !disk) return undefined;
  const digests = { disk: disk.sha256, kernel: kernel.sha256, initrd: initrd.sha256 };
  const key = keyOf({ name: 'machine', version: '', arch: place.arch }, digests);
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
