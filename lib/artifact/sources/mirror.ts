import { fetched } from './release.ts';
import type { Source } from './source.ts';

/** The same paths under the inventory's URL. */
export const mirror: Source = {
  kind: 'mirror',
  async offer(recipe, deps) {
    const base = deps.site.artifacts.mirror;
    if (!recipe.download) return { lacks: 'has no download of it' };
    if (!base) return { lacks: 'has no URL: artifacts.mirror is not in the inventory' };
    return fetched(recipe, { ...recipe.download, url: mirrored(recipe.download.url, base) }, deps);
  },
};

export const mirrored = (url: string, base: string): string => `${base.replace(/\/+$/, '')}${new URL(url).pathname}`;
