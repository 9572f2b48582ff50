import type { Shell } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import type { ArtifactRecord, SourceKind } from '../cache.ts';
import type { HttpDeps } from '../http.ts';
import type { Inputs, Want } from '../identity.ts';

export interface ArtifactDeps extends HttpDeps {
  /** This computer's. */
  shell: Shell;
  /** The checkout. */
  project: string;
  cache: string;
  site: Pick<Site, 'name' | 'environment' | 'artifacts'>;
}

/** A thing that can be had: fetched under a digest, or made here. */
export interface Recipe {
  want: Want;
  /** All that decides its bytes and can be read without its tools; for a download, the digest. */
  inputs: Inputs;
  /** Of the file in the cache: 0o644, or 0o755 for programs. */
  mode: number;
  /** Present: upstream offers it. */
  download?: { url: string; digest: string };
  /** Present: muster makes it. */
  build?: Build;
}

export interface Build {
  /** Reads only. Errors: GO_MISSING and the like when a tool is not there. */
  toolchain(deps: ArtifactDeps): Promise<Inputs>;
  /** Writes the whole file to `path`, with scratch room in `work`, a folder of the cache's file system. */
  make(path: string, work: string, deps: ArtifactDeps): Promise<ArtifactRecord['notes']>;
}

/** What a source would give. */
export interface Offer {
  /** undefined: could not be told; `make` says why. */
  toolchain: Inputs | undefined;
  /** Present: only these bytes will do, whatever else the cache has of the same inputs. */
  sha256?: string;
  make(path: string, work: string): Promise<ArtifactRecord['notes']>;
}

export interface Source {
  kind: SourceKind;
  /** Reads only, no network. `lacks` completes "cannot have X: <source> ...". */
  offer(recipe: Recipe, deps: ArtifactDeps): Promise<Offer | { lacks: string }>;
}
