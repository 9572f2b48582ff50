import {
  artifactDeps,
  findRecipe,
  imageRefs,
  type Part,
  type Resolved,
  resolveRecipe,
  siteRecipe,
} from '../../artifact/index.ts';
import type { Ctx, Need } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';

/** A file that muster has in its cache, or can make or fetch. */
export interface Artifact {
  /** The steps that have it. */
  needs: readonly Need[];
  /** Reads only. */
  find(ctx: Ctx): Promise<Found>;
  /** Makes or fetches it. Errors: those of its source. */
  have(ctx: Ctx): Promise<LocalFile>;
}

/** `local` absent: it is not here yet. */
export type Found = { needed: false } | { needed: true; local?: LocalFile };

export interface LocalFile {
  /** On this computer. */
  path: string;
  sha256: string;
  /** Of an archive: its images by name, as far as they are known. */
  images: readonly string[];
}

export interface Archive extends Artifact {
  /** Step id. */
  id: string;
  /** In agent/images; the ending tells k3s the format. */
  file: string;
}

/** What k3s is installed from. */
export interface K3sArtifacts {
  binary: Artifact;
  archives: readonly Archive[];
  /** The image of every pod's sandbox; undefined: the one that k3s brings. */
  pause(ctx: Ctx): Promise<string | undefined>;
}

/** Those of the lock: the binary, the images built here, and a released k3s's own. */
export const siteArtifacts = (site: Site): K3sArtifacts => ({
  binary: artifactOf(site, 'k3s'),
  archives: [
    { ...artifactOf(site, 'images'), id: 'k3s.images', file: 'muster-images.tar' },
    { ...artifactOf(site, 'k3s-airgap-images'), id: 'k3s.airgap-images', file: 'k3s-airgap-images.tar.zst' },
  ],
  pause: async ctx => (await imageRefs(site, ctx.run.dirs.project)).pause,
});

function artifactOf(site: Site, part: Part): Artifact {
  // What was found once is asked for by several steps; what was not may have been made meanwhile.
  let known: LocalFile | undefined;
  const recipe = (ctx: Ctx) => siteRecipe(site, part, ctx.run.dirs.project);
  return {
    needs: [{ step: `artifact.${part}`, scope: 'all' }],
    async find(ctx) {
      if (known) return { needed: true, local: known };
      const wanted = await recipe(ctx);
      if (!wanted) return { needed: false };
      const found = await findRecipe(wanted, await artifactDeps(site, ctx));
      known = found && localFile(found);
      return { needed: true, ...(known && { local: known }) };
    },
    async have(ctx) {
      const wanted = await recipe(ctx);
      if (!wanted) throw new OpsError('ARTIFACT_NO_SOURCE', `cannot have ${part}: ${site.name} needs none`);
      known = localFile(await resolveRecipe(wanted, await artifactDeps(site, ctx)));
      return known;
    },
  };
}

const localFile = ({ path, sha256, record }: Resolved): LocalFile => ({
  path,
  sha256,
  images: [record.notes.images ?? []].flat(),
});
