import type { Ctx } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import type { Resolved } from './cache.ts';
import { type Arch, thisArch, type Want } from './identity.ts';
import { imageOf, pulledImages, releasedRefs, siteImages } from './image-key.ts';
import { imagesRecipe } from './images.ts';
import { onlyVersion, readLock } from './lock-file.ts';
import type { LockFile } from './lock-schema.ts';
import { lockedRecipe } from './recipe.ts';
import { findRecipe, type ResolveOptions, resolveRecipe } from './resolve.ts';
import type { ArtifactDeps, Recipe } from './sources/source.ts';

/** Programs that this computer runs for a site. */
const PROGRAMS = ['versitygw', 'kopia'] as const;
export type Program = (typeof PROGRAMS)[number];

/** What a site installs: the k3s binary, the images built here, a released k3s's own images; and the programs. */
export const PARTS = ['k3s', 'images', 'k3s-airgap-images', ...PROGRAMS] as const;
export type Part = (typeof PARTS)[number];

/** The store of a lab; and what reads volumes back without Velero. */
const PROGRAM_WANTED: Readonly<Record<Program, (site: Pick<Site, 'backup'>) => boolean>> = {
  versitygw: ({ backup }) => backup?.store.kind === 'local',
  kopia: ({ backup }) => backup?.sources.includes('velero') ?? false,
};

const isProgram = (part: Part): part is Program => PROGRAMS.some(name => name === part);

/** Those that the inventory alone does not rule out. EKS brings its own cluster. */
export const partsOf = (site: Pick<Site, 'backup' | 'cluster'>): Part[] =>
  PARTS.filter(part => (isProgram(part) ? PROGRAM_WANTED[part](site) : site.cluster.kind === 'k3s'));

/** undefined: the site does not need this part. Reads files of the checkout only. Errors: LOCK_*. */
export async function siteRecipe(
  site: Site,
  part: Part,
  project: string,
  arch: Arch = thisArch(),
): Promise<Recipe | undefined> {
  if (!partsOf(site).includes(part)) return undefined;
  const lock = await readLock(project);
  if (isProgram(part)) return programRecipe(lock, part, project, arch);
  if (part === 'images') {
    const names = siteImages(lock, site);
    return names.length > 0 ? imagesRecipe(lock, names, arch, project) : undefined;
  }
  const { version } = site.cluster;
  if (part === 'k3s-airgap-images' && !lock.artifacts[part]?.[version]) return undefined;
  return lockedRecipe(lock, { name: part, version, arch }, project);
}

const programRecipe = (lock: LockFile, name: Program, project: string, arch: Arch = thisArch()): Promise<Recipe> =>
  lockedRecipe(lock, { name, version: onlyVersion(lock, name), arch }, project);

/**
 * Names as manifests use them: 'coredns' -> 'muster.lab/coredns:<12 digits>'. Nodes of EKS get none of ours, and pull what
 * upstream publishes. Errors: LOCK_*.
 */
export async function imageRefs(site: Site, project: string, arch: Arch = thisArch()): Promise<Record<string, string>> {
  const lock = await readLock(project);
  if (site.cluster.kind === 'eks') return releasedRefs(lock, pulledImages(lock, site));
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

/** A program that this computer runs; the step `artifact.<name>` has it. */
export interface HostProgram {
  /** In the cache: reads only. */
  find(ctx: Ctx): Promise<Resolved | undefined>;
  /** Makes or fetches it if it is not there. Errors: those of its source. */
  have(ctx: Ctx): Promise<Resolved>;
}

/** In the lock's one version, whether or not the inventory wants it. Errors of both: LOCK_*. */
export function hostProgram(site: Site, name: Program): HostProgram {
  const recipe = async ({ run: { dirs } }: Ctx) => programRecipe(await readLock(dirs.project), name, dirs.project);
  return {
    find: async ctx => findRecipe(await recipe(ctx), await artifactDeps(site, ctx)),
    have: async ctx => resolveRecipe(await recipe(ctx), await artifactDeps(site, ctx)),
  };
}

/** A thing of the lock, by name and version. Errors: those of lockedRecipe and resolveRecipe. */
export async function resolveArtifact(want: Want, deps: ArtifactDeps, options: ResolveOptions = {}): Promise<Resolved> {
  const lock = await readLock(deps.project);
  return resolveRecipe(await lockedRecipe(lock, want, deps.project), deps, options);
}
