import { join } from 'node:path';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { type Arch, hashTree, type Inputs, keyOf } from './identity.ts';
import { type LockedImage, type LockFile, UNRESOLVED } from './lock-schema.ts';
import { lockedRecipe } from './recipe.ts';

/** One image that is built here: its key follows from what goes in, so that a changed Containerfile is a changed name. */
export interface Image {
  name: string;
  /** 'muster.lab/<name>:<first 12 digits of the key>'. */
  ref: string;
  key: string;
  arch: Arch;
  locked: LockedImage;
  /** What it starts from. */
  base?: Image;
}

const REGISTRY = 'muster.lab';

/** Reads files of the checkout only. Errors: ARTIFACT_BUILD when a folder that goes in is missing. */
export async function imageOf(lock: LockFile, name: string, arch: Arch, project: string): Promise<Image> {
  const locked = lock.images[name];
  if (!locked) throw new OpsError('LOCK_NO_VERSION', `cannot build the image ${name}: it is not in the lock`);
  const base = locked.from === undefined ? undefined : await imageOf(lock, locked.from, arch, project);
  const key = keyOf({ name, version: 'image', arch }, await inputsOf(lock, { name, locked, arch, base }, project));
  return { name, ref: `${REGISTRY}/${name}:${key.slice(0, 12)}`, key, arch, locked, ...(base && { base }) };
}

interface Part {
  name: string;
  locked: LockedImage;
  arch: Arch;
  base: Image | undefined;
}

async function inputsOf(lock: LockFile, { name, locked, arch, base }: Part, project: string): Promise<Inputs> {
  // What upstream publishes is another image.
  const { release: _, ...built } = locked;
  const inputs: Record<string, string> = { image: JSON.stringify(built), from: base?.key ?? 'scratch' };
  const parts = { [name]: join('images', name), ...locked.include };
  for (const [as, path] of Object.entries(parts))
    inputs[`files ${as}`] = await hashTree(join(project, path), ['.'], isSource).catch(cause => {
      throw new OpsError('ARTIFACT_BUILD', `cannot build the image ${name}: ${path}: ${cause.message}`, { cause });
    });
  for (const [binary, version] of Object.entries(locked.binaries ?? {})) {
    const want = { name: binary, version, arch };
    inputs[`binary ${binary}`] = keyOf(want, (await lockedRecipe(lock, want, project)).inputs);
  }
  return inputs;
}

/** What tools leave in a working copy goes into no image. */
export const isSource = (path: string): boolean =>
  !/(^|\/)(__pycache__|node_modules|\.venv|\.pytest_cache)(\/|$)/.test(path);

/** Names of the images that a site runs. A released k3s brings its own for the cluster's part. */
export function siteImages(lock: LockFile, site: Pick<Site, 'cluster' | 'addons' | 'app' | 'backup'>): string[] {
  const bringsOwn = lock.artifacts.k3s?.[site.cluster.version]?.module === undefined;
  const wanted = (part: LockedImage['for']) => {
    if (part === undefined) return false;
    if (part === 'app') return site.app !== undefined;
    if (part === 'velero') return site.backup?.sources.includes('velero') ?? false;
    return !bringsOwn && (part === 'cluster' || site.addons[part]);
  };
  return Object.keys(lock.images)
    .filter(name => wanted(lock.images[name]?.for))
    .sort();
}

/** By whose tools volumes are listed on nodes that have no shell for us. */
export const TOOLS_IMAGE = 'debian-base';

/** Names of the images that nodes pull. */
export const pulledImages = (lock: LockFile, site: Parameters<typeof siteImages>[1]): string[] => {
  const names = siteImages(lock, site);
  return names.length > 0 ? [...names, TOOLS_IMAGE] : [];
};

/** 'registry.example/velero/velero:v1.18.3@sha256:<hex>': the digest decides, the tag is for people. Errors: LOCK_NO_VERSION, LOCK_UNRESOLVED. */
export function releasedRefs(lock: LockFile, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map(name => {
      const release = lock.images[name]?.release;
      if (!release)
        throw new OpsError('LOCK_NO_VERSION', `cannot pull the image ${name}: the lock has no release of it`);
      if (release.digest === UNRESOLVED)
        throw new OpsError('LOCK_UNRESOLVED', `cannot pull ${release.image}: its digest is not in the lock yet`);
      return [name, `${release.image}@${release.digest}`];
    }),
  );
}
