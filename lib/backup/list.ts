import type { ObjectStore, StoredObject } from '../engine/index.ts';
import { type Code, isOpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import type { Duration } from '../time/index.ts';
import { type Expected, readSet } from './manifest.ts';
import { KEYS, type Manifest, partOf, SET_ID, type SourceName } from './set.ts';
import type { SealedSet } from './source.ts';
import { isTombstone, readTombstone } from './tombstone.ts';

/** One set as a person asks for it. */
export interface SetRow {
  id: string;
  /** Since its oldest source's point; undefined: it is not sealed, or cannot be trusted. */
  age?: Duration;
  /** Bytes of its own objects, as sealed. */
  size?: number;
  /**
   * Bytes of the files in its volumes, as on the node; without those that changed meanwhile. They lie in repositories that
   * sets share, each content once. undefined: it has no volumes.
   */
  volumeSize?: number;
  /** Sealed, trusted, and with every source of the inventory. */
  complete: boolean;
  sources: SourceName[];
  trigger?: Manifest['trigger'];
  /** UTC; undefined: never, or not since the evidence is kept. */
  proven?: Date;
  /** Why it is no backup. */
  problem?: { code: Code; text: string };
  set?: SealedSet;
}

export interface SetList {
  /** Newest first. */
  rows: SetRow[];
  /** Sets that a later one names as its previous, that are gone and did not expire. */
  vanished: string[];
}

export interface ListOptions {
  site: Pick<Site, 'name' | 'backup'>;
  publicKey: Expected['publicKey'];
  now: Date;
  /** The last drill that proved a set. */
  proven(id: string): Date | undefined;
}

/** Every set of a site's bucket, as its manifests say. Errors: STORE_*. */
export async function listSets(store: ObjectStore, options: ListOptions): Promise<SetList> {
  const ids = idsOf(await store.list(KEYS.sets));
  const rows = await Promise.all(ids.map(id => rowOf(store, id, options)));
  return { rows, vanished: await vanished(store, rows, options.publicKey) };
}

/** Sets of which more is left than a tombstone, and a signature that a killed expiry left, newest first. */
function idsOf(objects: readonly StoredObject[]): string[] {
  const ids = objects.flatMap(({ key }) => {
    const id = key.split('/')[1] ?? '';
    return SET_ID.test(id) && !isTombstone(id, key) && key !== KEYS.signature(id) ? [id] : [];
  });
  return [...new Set(ids)].sort().reverse();
}

async function rowOf(store: ObjectStore, id: string, { site, publicKey, now, proven }: ListOptions): Promise<SetRow> {
  const date = proven(id);
  const known = { id, ...(date && { proven: date }) };
  try {
    const set = await readSet(store, id, { site: site.name, publicKey });
    const { sources, trigger } = set.manifest;
    const names = sources.map(({ source }) => source);
    const lacks = (site.backup?.sources ?? []).filter(name => !names.includes(name));
    const volumeSize = volumeSizeOf(set.manifest);
    return {
      ...known,
      age: now.getTime() - Math.min(...sources.map(({ point }) => Date.parse(point))),
      size: sources.flatMap(part => part.artefacts).reduce((sum, { size }) => sum + size, 0),
      ...(volumeSize !== undefined && { volumeSize }),
      complete: lacks.length === 0,
      sources: names,
      trigger,
      ...(lacks.length > 0 && { problem: { code: 'SET_INCOMPLETE', text: `without ${lacks.join(', ')}` } }),
      set,
    };
  } catch (error) {
    if (!isOpsError(error) || !/^(MANIFEST_|SET_)/.test(error.code)) throw error;
    const never = error.code === 'SET_ABSENT';
    const problem = never
      ? ({ code: 'SET_INCOMPLETE', text: 'never sealed' } as const)
      : { code: error.code, text: error.message };
    return { ...known, complete: false, sources: [], problem };
  }
}

function volumeSizeOf(set: Manifest): number | undefined {
  const volumes = partOf(set, 'velero')?.facts.volumes ?? [];
  if (volumes.length === 0) return undefined;
  return volumes.flatMap(({ files }) => files).reduce((sum, { size = 0 }) => sum + size, 0);
}

/** Links of the chain that lead to nothing. Behind the oldest set that is left nobody looks. */
async function vanished(
  store: ObjectStore,
  rows: readonly SetRow[],
  publicKey: Expected['publicKey'],
): Promise<string[]> {
  const there = new Set(rows.map(({ id }) => id));
  const open = rows.flatMap(({ set }) => set?.manifest.previous ?? []).filter(({ id }) => !there.has(id));
  const gone = await Promise.all(
    open.map(async ({ id, sha256 }) => ((await readTombstone(store, id, publicKey))?.sha256 === sha256 ? [] : [id])),
  );
  return [...new Set(gone.flat())].sort();
}

/** What a restore takes when nobody names one. A scheduled drill asks for a scheduled set. */
export const newestComplete = (rows: readonly SetRow[], trigger?: Manifest['trigger']): SetRow | undefined =>
  rows.find(row => row.complete && (trigger === undefined || row.trigger === trigger));
