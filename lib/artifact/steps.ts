import type { AnyStep, Change, Ctx, Decision, Step } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { minutes } from '../time/index.ts';
import type { Resolved } from './cache.ts';
import { findRecipe, resolveRecipe } from './resolve.ts';
import { artifactDeps, imageRefs, type Part, partsOf, siteRecipe } from './site-artifacts.ts';
import type { Recipe } from './sources/source.ts';

/** What is wanted in the cache; names only, since keys follow from files that are read when the step observes. */
export interface ArtifactWant {
  part: Part;
  /** k3s's. */
  version: string;
}

export interface ArtifactFacts {
  /** 'k3s v1.36.3+k3s-lab amd64'; undefined: the site needs nothing of this part. */
  what?: string;
  /** In the cache. */
  found?: { sha256: string; source: string };
}

const TITLES: Record<Part, string> = {
  k3s: 'Have k3s',
  images: 'Have the container images',
  'k3s-airgap-images': "Have k3s's own images",
  versitygw: 'Have the store of the lab',
  kopia: 'Have kopia, to read backups without Velero',
};

/** artifact.<part>: what the site installs, and what is run for it here, is in this computer's cache. */
export const artifactSteps = (site: Site): AnyStep[] => [
  ...partsOf(site).map(part => artifactStep(site, part)),
  ...(site.cluster.kind === 'eks' && site.backup ? [pulledStep(site)] : []),
];

/** artifact.images of nodes that pull: nothing of it comes here, and what they are to pull has a digest. Errors: LOCK_UNRESOLVED. */
const pulledStep = (site: Site): Step<object, readonly string[]> => ({
  id: 'artifact.images',
  title: 'Know the images that nodes pull by their digests',
  target: { site: site.name, kind: 'site', name: site.name },
  want: {},
  deadline: minutes(1),
  observe: async ({ run }) => Object.values(await imageRefs(site, run.dirs.project)),
  decide: (_, refs) => ({ is: 'done', reason: refs.map(withoutDigest).join(', ') }),
  async apply() {},
});

const withoutDigest = (ref: string) => ref.replace(/@.*/, '');

function artifactStep(site: Site, part: Part): Step<ArtifactWant, ArtifactFacts> {
  const recipe = (ctx: Ctx) => siteRecipe(site, part, ctx.run.dirs.project);
  return {
    id: `artifact.${part}`,
    title: TITLES[part],
    target: { site: site.name, kind: 'site', name: site.name },
    want: { part, version: site.cluster.version },
    // Cold, the modules take eleven minutes on two cores; a slow computer or line must not fail for that.
    deadline: minutes(60),
    async observe(ctx) {
      const wanted = await recipe(ctx);
      if (!wanted) return {};
      const found = await findRecipe(wanted, await artifactDeps(site, ctx), { offered: this.want !== undefined });
      return { what: nameOf(wanted), ...(found && { found: shortly(found) }) };
    },
    decide: decideArtifact,
    async apply(change, ctx) {
      const wanted = await recipe(ctx);
      if (!wanted) return;
      const deps = await artifactDeps(site, ctx);
      await ctx.effect(change, () => resolveRecipe(wanted, deps));
    },
  };
}

const nameOf = ({ want: { name, version, arch } }: Recipe) => `${name} ${version} ${arch}`;
const shortly = ({ sha256, source }: Resolved) => ({ sha256, source });

/** The cache is shared by sites: a site that is removed leaves it alone. */
export function decideArtifact(want: ArtifactWant | undefined, facts: ArtifactFacts): Decision {
  if (!want) return { is: 'done', reason: 'the cache is kept' };
  if (!facts.what) return { is: 'done', reason: 'nothing of it is needed' };
  if (facts.found)
    return { is: 'done', reason: `sha256:${facts.found.sha256.slice(0, 12)} from ${facts.found.source}` };
  const change: Change = { action: 'create', what: `artifact ${facts.what}`, grade: 'known' };
  return { is: 'changes', changes: [change] };
}
