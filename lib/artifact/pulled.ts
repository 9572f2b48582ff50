import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exclusive } from './exclusive.ts';
import { openPodman, PULLED } from './podman.ts';
import type { ArtifactDeps } from './sources/source.ts';

/**
 * An image of somebody's registry, by its digest, as a docker-archive in which it is called PULLED, for as long as `use`
 * takes. Who may pull it is podman's matter: `podman login`. Errors: TOOL_MISSING, ARTIFACT_BUILD with podman's words.
 * @param ref 'registry.example/team/wiki@sha256:<hex>'
 */
export const withPulled = <T>(ref: string, deps: ArtifactDeps, use: (archive: string) => Promise<T>): Promise<T> =>
  // The name under which images are built: one user of podman's store at a time.
  exclusive('images', deps, async work => {
    const podman = await openPodman(work, deps);
    const archive = join(work, 'pulled.tar');
    try {
      await podman.pull(ref);
      await podman.save([PULLED], archive);
      return await use(archive);
    } finally {
      // This store keeps what is built here; what a killed run left goes with the next one.
      await podman.drop([PULLED, ref]).catch(() => undefined);
      await rm(archive, { force: true });
    }
  });
