import type { Ctx } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import type { Resolved } from './cache.ts';
import { type Arch, thisArch, type Want } from './identity.ts';
import { imageOf, siteImages } from './image-key.ts';
import { imagesRecipe } from './images.ts';
import { readLock } from './lock-file.ts';
import { lockedRecipe } from './recipe.ts';
import { type ResolveOptions, resolveRecipe } from './resolve.ts';
import type { ArtifactDeps, Recipe } from './sources/source.ts';

/** What a site installs: the k3s binary, the images built here, and a released k3s's own images. */
export const PARTS = ['k3s', 'images', 'k3s-airgap-images'] as const;
export type Part = (typeof PARTS)[number];

/** undefined: the site does not need this part. Reads files of the checkout only. Errors: LOCK_*. */
export async function siteRecipe(
  site: Site,
  part: Part,
  project: string,
  arch: Arch = thisArch(),
): Promise<Recipe | undefined> {
  const lock = await readLock(project);
  if (part === 'images') {
    const names = siteImages(lock, site);
    return names.length > 0 ? imagesRecipe(lock, names, arch, project) : undefined;
  }
  const { version } = site.cluster;
  if (part === 'k3s-airgap-images' && !lock.artifacts[part]?.[version]) return undefined;
  return lockedRecipe(lock, { name: part, version, arch }, project);
}

/** Names as manifests use them: 'coredns' -> 'muster.lab/coredns:<12 digits>'. */
export async function imageRefs(site: Site, project: string, arch: Arch = thisArch()): Promise<Record<string, string>> {
  const lock = await readLock(project);
  const images = await Promise.all(siteImages(lock, site).map(name => imageOf(lock, name, arch, project)));
  return Object.fromEntries(images.map(({ name, ref }) => [name, ref]));
}

/** Out of what a step has. */
export async function artifactDeps(
  site: Site,
  ctx: Pick<Ctx, 'run' | 'signal' | 'clock' | 'shell' | 'progress'>,
): Promise<ArtifactDeps> {
  const { project, cache } = ctx.run.dirs;
  const { signal, clock } = ctx;
  const shell = await ctx.shell('localhost');
  return { site, project, cache, signal, clock, shell, random: Math.random, progress: text => ctx.progress(text) };
}

/** A thing of the lock, by name and version. Errors: those of lockedRecipe and resolveRecipe. */
export async function resolveArtifact(want: Want, deps: ArtifactDeps, options: ResolveOptions = {}): Promise<Resolved> {
  const lock = await readLock(deps.project);
  return resolveRecipe(await lockedRecipe(lock, want, deps.project), deps, options);
}
