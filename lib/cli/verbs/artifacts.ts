import { resolve } from 'node:path';
import {
  type ArtifactDeps,
  artifactDeps,
  fillLock,
  findRecipe,
  makeBundle,
  PARTS,
  type Resolved,
  siteRecipe,
} from '../../artifact/index.ts';
import { OpsError } from '../../errors/index.ts';
import { machineArtifacts } from '../../host/machine-image/index.ts';
import type { Site } from '../../inventory/index.ts';
import { newRun, type OpenSite, planSite, runBootstrap } from '../../site/index.ts';
import { onSite } from '../on-site.ts';
import { json, table } from '../output.ts';
import { planText } from '../plan-text.ts';
import type { Call } from '../verb.ts';

const SCRIPT = '10-have-artifacts';

const depsOf = (open: OpenSite, { verb, out, signal }: Call) =>
  artifactDeps(open.site, {
    run: newRun(open, verb, {}),
    signal,
    clock: open.ports.clock,
    shell: open.ports.shell,
    progress: out.status,
  });

/** A bundle installs nothing: what has no release may be built for it, and is taken outside a lab by its digest only. */
function bundling(open: OpenSite): OpenSite {
  const { environment, artifacts } = open.site;
  if (environment === 'lab') return open;
  const { bundle: _, bundleDigest: __, ...rest } = artifacts;
  const sources = [...artifacts.sources.filter(source => source !== 'bundle'), 'module' as const];
  return { ...open, site: { ...open.site, environment: 'lab', artifacts: { ...rest, sources } } };
}

/** Everything the site installs, in one directory that a computer without network can use as its source. */
export const bundle = onSite(async (opened, call) => {
  const open = bundling(opened);
  const { flags, out } = call;
  if (flags['dry-run']) return out.data(planText(await planSite(open, { only: SCRIPT }), flags.json ?? false));
  await runBootstrap(open, { only: SCRIPT });
  const deps = await depsOf(open, call);
  const parts = [...(await installed(open.site, deps)), ...(await machineArtifacts(open.site, deps))];
  const dir = resolve(flags.out ?? `dist/bundle-${call.site}`);
  const made = await makeBundle(dir, parts, deps);
  if (flags.json) return out.data(json({ dir, ...made }));
  return out.data(
    table([
      ['bundle', dir],
      ['digest', made.digest],
      ...made.artifacts.map(({ name, version, sha256 }) => ['holds', `${name} ${version}  sha256:${sha256}`]),
      ['next', `in an inventory: artifacts: { sources: [bundle], bundle: ${dir}, bundleDigest: ${made.digest} }`],
    ]),
  );
});

async function installed(site: Site, deps: ArtifactDeps): Promise<Resolved[]> {
  const found: Resolved[] = [];
  for (const part of PARTS) {
    const recipe = await siteRecipe(site, part, deps.project);
    const there = recipe && (await findRecipe(recipe, deps));
    if (there) found.push(there);
    else if (recipe) throw new OpsError('INTERNAL', `cannot bundle ${part}: it was made, and is not in the cache`);
  }
  return found;
}

/** Digests that lock.yaml lacks, looked up and written. */
export const lock = onSite(async (open, call) => {
  const { flags, out } = call;
  if (flags['dry-run'])
    throw new OpsError('USAGE', 'cannot look digests up in a dry run: looking them up is all of it');
  const filled = await fillLock(await depsOf(open, call));
  if (flags.json) return out.data(json(filled));
  if (filled.length === 0) return out.data('artifacts/lock.yaml has every digest');
  return out.data(table(filled.map(({ name, version, arch, digest }) => [name, version, arch, digest])));
});
