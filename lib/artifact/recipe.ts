import { join } from 'node:path';
import { OpsError } from '../errors/index.ts';
import { buildModule, moduleInputs } from './go-build.ts';
import { findGo, type Go } from './go-toolchain.ts';
import type { Want } from './identity.ts';
import { lockedVersion } from './lock-file.ts';
import { type LockedModule, type LockedRelease, type LockFile, UNRESOLVED } from './lock-schema.ts';
import type { ArtifactDeps, Recipe } from './sources/source.ts';

/** How the lock says that a thing is had. Reads the sources of what is built here. Errors: LOCK_NO_VERSION; LOCK_UNRESOLVED; ARTIFACT_NO_SOURCE. */
export async function lockedRecipe(lock: LockFile, want: Want, project: string): Promise<Recipe> {
  const { release, module } = lockedVersion(lock, want);
  if (module) return moduleRecipe(want, module, join(project, lock.module));
  return releaseRecipe(want, release);
}

function releaseRecipe(want: Want, release: LockedRelease | undefined): Recipe {
  const locked = release?.[want.arch];
  if (!release || !locked)
    throw new OpsError(
      'ARTIFACT_NO_SOURCE',
      `cannot install ${want.name} ${want.version} on ${want.arch}: the lock has no file for it`,
    );
  const { file, digest } = locked;
  if (digest === UNRESOLVED)
    throw new OpsError(
      'LOCK_UNRESOLVED',
      `cannot install ${want.name} ${want.version}: its digest is not in the lock yet`,
    );
  return { want, inputs: { digest }, mode: 0o644, download: { url: fileUrl(release.base, file), digest } };
}

export const fileUrl = (base: string, file: string): string =>
  `${base.replace(/\/+$/, '')}/${encodeURIComponent(file)}`;

async function moduleRecipe(want: Want, locked: LockedModule, dir: string): Promise<Recipe> {
  const inputs = await moduleInputs(locked, dir);
  const go = (deps: ArtifactDeps): Promise<Go> => findGo(deps.shell, dir, deps.signal);
  return {
    want,
    inputs,
    mode: 0o755,
    build: {
      toolchain: async deps => ({ go: (await go(deps)).version }),
      async make(path, work, deps) {
        const build = { label: `${want.name} ${want.version}`, locked, dir, arch: want.arch, go: await go(deps) };
        return { go: build.go.version, modules: await buildModule(build, path, work, deps) };
      },
    },
  };
}
