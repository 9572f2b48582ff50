import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { mismatch } from '../download.ts';
import { digestLike, keyOf } from '../identity.ts';
import { bundleFile, readManifest } from '../manifest.ts';
import { refused } from './module.ts';
import type { Source } from './source.ts';

/** A folder made by `muster bundle`. It gives only what was made of the very inputs that this checkout has. */
export const bundle: Source = {
  kind: 'bundle',
  async offer(recipe, deps) {
    const { artifacts } = deps.site;
    if (!artifacts.bundle) return { lacks: 'has no folder: artifacts.bundle is not in the inventory' };
    const dir = resolve(deps.project, artifacts.bundle);
    const manifest = await readManifest(dir, artifacts.bundleDigest);
    if (!manifest) return { lacks: `has no manifest.json in ${dir}` };
    const { name, version, arch } = recipe.want;
    const named = manifest.artifacts.filter(entry => entry.name === name && entry.arch === arch);
    const found = named.find(entry => keyOf(entry, entry.inputs) === keyOf(recipe.want, recipe.inputs));
    if (!found) return { lacks: lacking(dir, version, named) };
    // Whoever wrote the bundle's digest down vouches for what was built for it, and for these bytes only.
    const vouched = artifacts.bundleDigest !== undefined;
    if (found.source === 'module' && deps.site.environment !== 'lab' && !vouched) throw refused(name, version, deps);
    return {
      toolchain: found.toolchain,
      ...(vouched && { sha256: found.sha256 }),
      async make(path) {
        const file = bundleFile(dir, found);
        deps.progress(`${name} ${version}: from the bundle`);
        await copyFile(file, path, constants.COPYFILE_FICLONE);
        // The manifest vouches for what was built; for a download nobody but the lock does.
        for (const expected of [`sha256:${found.sha256}`, ...(recipe.download ? [recipe.download.digest] : [])]) {
          const got = await digestLike(expected, path);
          if (got !== expected) throw mismatch(file, got, expected);
        }
        return { ...found.notes, bundle: dir, origin: found.source };
      },
    };
  },
};

function lacking(dir: string, version: string, named: readonly { version: string }[]): string {
  if (named.some(entry => entry.version === version))
    return `of ${dir} has it made of other inputs than this checkout's`;
  const has = named.map(entry => entry.version).join(', ');
  return has ? `of ${dir} has ${has} only` : `of ${dir} does not have it`;
}
