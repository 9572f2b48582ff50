import { isOpsError, OpsError } from '../../errors/index.ts';
import type { Inputs } from '../identity.ts';
import type { ArtifactDeps, Build, Source } from './source.ts';

/** Built here: from the Go module proxy, Debian packages, npm and PyPI. Labs only. */
export const module: Source = {
  kind: 'module',
  async offer({ want, build }, deps) {
    if (!build) return { lacks: 'does not build it' };
    if (deps.site.environment !== 'lab') throw refused(want.name, want.version, deps);
    const seen = await toolchain(build, deps);
    if (seen instanceof OpsError) {
      // What was built before is still good without the tools.
      return { toolchain: undefined, make: () => Promise.reject(seen) };
    }
    return { toolchain: seen, make: (path, work) => build.make(path, work, deps) };
  },
};

async function toolchain(build: Build, deps: ArtifactDeps): Promise<Inputs | OpsError> {
  try {
    return await build.toolchain(deps);
  } catch (error) {
    if (isOpsError(error, 'GO_MISSING') || isOpsError(error, 'GO_TOO_OLD')) return error;
    throw error;
  }
}

/** Outside a lab nothing that was built on somebody's computer is installed, but out of a bundle named by its digest. */
export const refused = (name: string, version: string, { site }: Pick<ArtifactDeps, 'site'>): OpsError =>
  new OpsError(
    'ARTIFACT_SOURCE_REFUSED',
    `cannot install ${name} ${version} in environment ${site.environment}: got a build of the source 'module', expected a release, or a bundle that artifacts.bundleDigest names`,
  );
