import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { download } from '../download.ts';
import type { ArtifactDeps, Offer, Recipe, Source } from './source.ts';

/** Upstream's own download. */
export const release: Source = {
  kind: 'release',
  async offer(recipe, deps) {
    if (!recipe.download) return { lacks: 'has no download of it' };
    return fetched(recipe, recipe.download, deps);
  },
};

/** One way to fetch for release and mirror: only the address differs, the digest is the lock's. */
export function fetched(recipe: Recipe, from: { url: string; digest: string }, deps: ArtifactDeps): Offer {
  const { name, version } = recipe.want;
  return {
    toolchain: {},
    async make(path) {
      const dir = join(deps.cache, 'partial', name);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const partial = join(dir, from.digest.replace(':', '-'));
      await download({ ...from, label: `${name} ${version}` }, partial, deps);
      await rename(partial, path);
      await rm(dir, { recursive: true, force: true });
      return { url: from.url, digest: from.digest };
    },
  };
}
