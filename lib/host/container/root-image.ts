import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exclusive } from '../../artifact/exclusive.ts';
import {
  type ArtifactDeps,
  artifactDeps,
  findRecipe,
  hashTree,
  keyOf,
  resolveRecipe,
  thisArch,
  tool,
} from '../../artifact/index.ts';
import { removeTree } from '../../artifact/remove-tree.ts';
import type { Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { exists } from '../exists.ts';
import { ingredients } from '../machine-image/index.ts';

const NAME = 'machine-root';
const FOLDER = join('images', NAME);
/** The newest ones stay: a machine has links of its own to what it was made from. */
const KEPT = 3;

/** A folder of the cache, which is only a cache: system/ to copy, linked/ and links to hard-link. */
export interface RootImage {
  key: string;
  dir: string;
}

interface Made extends RootImage {
  argv: string[];
}

/** The image if it is in the cache: reads only. */
export async function findRootImage(site: Site, ctx: Ctx): Promise<RootImage | undefined> {
  const deps = await artifactDeps(site, ctx);
  const image = await imageOf(site, deps, recipe => findRecipe(recipe, deps));
  return image && (await exists(image.dir)) ? image : undefined;
}

/** Half a minute when the tree is there. Errors: those of a build. */
export async function makeRootImage(site: Site, ctx: Ctx): Promise<void> {
  const deps = await artifactDeps(site, ctx);
  const image = await imageOf(site, deps, recipe => resolveRecipe(recipe, deps));
  if (!image) throw new Error('an artifact was made and is not there');
  await exclusive(NAME, deps, async work => {
    if (await exists(image.dir)) return;
    deps.progress("machine: importing k3s's images into its root");
    const out = join(work, 'root');
    const [tree = '', ...baked] = image.argv;
    await tool(['sh', join(deps.project, FOLDER, 'make'), tree, out, ...baked], "cannot make a machine's root", deps);
    await mkdir(join(image.dir, '..'), { recursive: true, mode: 0o700 });
    await tool(['mv', out, image.dir], "cannot keep a machine's root", deps);
    await prune(image, deps);
  });
}

/** While `use` has the image, nobody drops it. Errors: MACHINE_DAMAGED when it is gone. */
export async function withRootImage(site: Site, ctx: Ctx, use: (image: RootImage) => Promise<void>): Promise<void> {
  await exclusive(NAME, await artifactDeps(site, ctx), async () => {
    const image = await findRootImage(site, ctx);
    if (!image) throw new OpsError('MACHINE_DAMAGED', 'cannot make the disk of a machine: the machine image is gone');
    await use(image);
  });
}

/** undefined: what it is made from is not there. */
async function imageOf(
  site: Site,
  deps: ArtifactDeps,
  have: Parameters<typeof ingredients>[2],
): Promise<Made | undefined> {
  const parts = await ingredients(site, deps.project, have);
  if (!parts) return undefined;
  const { tree, baked } = parts;
  const files = await hashTree(join(deps.project, FOLDER), ['.']);
  const inputs = {
    files,
    tree: tree.sha256,
    ...(baked && { k3s: baked.k3s.sha256, images: baked.images.sha256 }),
  };
  const key = keyOf({ name: NAME, version: '', arch: thisArch() }, inputs);
  const argv = baked ? [baked.k3s.path, baked.k3s.sha256, baked.images.path, baked.images.sha256] : [];
  return { key, dir: join(deps.cache, `${NAME}s`, key), argv: [tree.path, ...argv] };
}

async function prune({ dir }: RootImage, deps: ArtifactDeps): Promise<void> {
  const all = join(dir, '..');
  const found = await Promise.all(
    (await readdir(all)).map(async name => ({ path: join(all, name), at: (await stat(join(all, name))).ctimeMs })),
  );
  const old = found.sort((a, b) => b.at - a.at).slice(KEPT);
  for (const { path } of old) await removeTree(path, deps);
}
