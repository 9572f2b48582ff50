import { join } from 'node:path';
import { isOpsError, OpsError } from '../errors/index.ts';
import { type CacheKey, findCached, keep, type Resolved, type SourceKind } from './cache.ts';
import { exclusive } from './exclusive.ts';
import { prune } from './prune.ts';
import { bundle } from './sources/bundle.ts';
import { mirror } from './sources/mirror.ts';
import { module } from './sources/module.ts';
import { release } from './sources/release.ts';
import type { ArtifactDeps, Offer, Recipe, Source } from './sources/source.ts';

const SOURCES: Readonly<Record<SourceKind, Source>> = { release, mirror, bundle, module };

export interface ResolveOptions {
  /** Hash what the cache has, whatever its size and time say. */
  full?: boolean;
}

export interface FindOptions extends ResolveOptions {
  /** What is not in the cache must be a thing that some source of the inventory would give. */
  offered?: boolean;
}

/**
 * The thing in the cache, made or fetched if it is not there: the inventory's sources in order, the next one when a
 * source does not have it. Errors: ARTIFACT_NO_SOURCE with every source's reason, ARTIFACT_DIGEST at once,
 * ARTIFACT_SOURCE_REFUSED, LOCK_UNRESOLVED, and those of a build.
 */
export async function resolveRecipe(
  recipe: Recipe,
  deps: ArtifactDeps,
  options: ResolveOptions = {},
): Promise<Resolved> {
  const { name, version } = recipe.want;
  const lacks: OpsError[] = [];
  for (const kind of deps.site.artifacts.sources) {
    const offer = await SOURCES[kind].offer(recipe, deps);
    if ('lacks' in offer) {
      lacks.push(lacking(recipe, kind, offer.lacks));
      continue;
    }
    try {
      return (await cached(recipe, offer, deps, options)) ?? (await make(recipe, kind, offer, deps, options));
    } catch (error) {
      if (!isOpsError(error, 'ARTIFACT_ABSENT') && !isOpsError(error, 'ARTIFACT_DOWNLOAD')) throw error;
      deps.progress(`${name} ${version}: ${kind}: ${error.message}`);
      lacks.push(error);
    }
  }
  throw nowhere(recipe, deps, lacks);
}

/** The thing in the cache if it is there: reads only, no network. Errors: ARTIFACT_NO_SOURCE, if `offered` is asked. */
export async function findRecipe(
  recipe: Recipe,
  deps: ArtifactDeps,
  options: FindOptions = {},
): Promise<Resolved | undefined> {
  const { sources } = deps.site.artifacts;
  const lacks: OpsError[] = [];
  for (const kind of sources) {
    const offer = await SOURCES[kind].offer(recipe, deps);
    if ('lacks' in offer) {
      lacks.push(lacking(recipe, kind, offer.lacks));
      continue;
    }
    const found = await cached(recipe, offer, deps, options);
    if (found) return found;
  }
  if (options.offered && lacks.length === sources.length) throw nowhere(recipe, deps, lacks);
  return undefined;
}

const lacking = ({ want: { name, version } }: Recipe, kind: SourceKind, why: string): OpsError =>
  new OpsError('ARTIFACT_NO_SOURCE', `cannot have ${name} ${version}: ${kind} ${why}`);

const keyFor = ({ want, inputs }: Recipe, { toolchain, sha256 }: Offer): CacheKey => ({
  ...{ want, inputs, toolchain },
  ...(sha256 !== undefined && { sha256 }),
});

const cached = (recipe: Recipe, offer: Offer, { cache, progress }: ArtifactDeps, { full }: ResolveOptions) =>
  findCached(cache, keyFor(recipe, offer), { full: full ?? false, notice: progress });

/** `name` is one path segment; two versions of a thing are made one after the other. */
const make = (recipe: Recipe, source: SourceKind, offer: Offer, deps: ArtifactDeps, options: ResolveOptions) =>
  exclusive(recipe.want.name, deps, async work => {
    // Another run may have made it while this one waited.
    const there = await cached(recipe, offer, deps, options);
    if (there) return there;
    const file = join(work, 'artifact');
    const notes = await offer.make(file, work);
    const kept = await keep(deps.cache, file, {
      key: { want: recipe.want, inputs: recipe.inputs, toolchain: offer.toolchain ?? {} },
      source,
      mode: recipe.mode,
      madeAt: new Date(deps.clock.now()).toISOString(),
      notes,
    });
    await prune(deps.cache, recipe.want.name);
    return kept;
  });

function nowhere(recipe: Recipe, deps: ArtifactDeps, lacks: readonly OpsError[]): OpsError {
  const [first, second] = lacks;
  if (first && !second) return first;
  const { name, version } = recipe.want;
  const order = deps.site.artifacts.sources.join(', ');
  return new OpsError('ARTIFACT_NO_SOURCE', `cannot have ${name} ${version} from any source (${order})`, {
    details: lacks.map(error => error.message),
  });
}
