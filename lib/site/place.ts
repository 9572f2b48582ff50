import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AnyStep, Dirs } from '../engine/index.ts';
import type { Fence } from '../host/fence.ts';
import type { Provider } from '../host/provider.ts';
import type { Site } from '../inventory/index.ts';

/** Where a site stands: what a script needs beside the inventory to name its steps. */
export interface Place {
  dirs: Dirs;
  provider: Provider;
  rehearsal?: Rehearsal;
}

/** A site beside the one whose backup it brings back: it reads the store of that one, and writes nothing there. */
export interface Rehearsal {
  of: Site;
  /** Of the source's escrow. */
  generation: number;
  fence: Fence;
}

/** A file of scripts/: started directly it runs alone. */
export interface Script {
  title: string;
  steps(site: Site, place: Place): AnyStep[];
}

/** @param home for tests; else the user's. */
export function siteDirs(
  project: string,
  site: string,
  cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
): Dirs {
  return { project, state: join(project, '.muster', site), cache: join(cache, 'muster') };
}
