import type { Connection } from './connection.ts';
import { erase, versionsPage } from './listing.ts';

/** One version of an object, or a marker that it was removed. */
export interface Version {
  key: string;
  versionId: string;
  latest: boolean;
  marker: boolean;
  /** UTC, milliseconds. */
  modified: number;
}

/** What is of the past for so long that nobody may want it back. */
export interface Past {
  versions: Version[];
  /** Markers, the last of their keys, which may go when nothing else of the key is left. */
  markers: Version[];
}

/**
 * Pure. Of versions in the store's order, newest first in each key. A version is of the past since the next one was
 * written. Of one whose next is not in the list (versitygw leaves some out where a page ends) nobody knows since when.
 */
export function pastOf(all: readonly Version[], before: number): Past {
  const past: Past = { versions: [], markers: [] };
  for (const versions of Map.groupBy(all, ({ key }) => key).values())
    for (const [n, version] of versions.entries()) {
      const since = n === 0 ? Number.POSITIVE_INFINITY : (versions[n - 1]?.modified ?? Number.POSITIVE_INFINITY);
      if (!version.latest && since < before) past.versions.push(version);
      if (version.latest && version.marker && version.modified < before) past.markers.push(version);
    }
  return past;
}

export const readPast = async (connection: Connection, before: Date): Promise<Past> =>
  pastOf(await listVersions(connection, ''), before.getTime());

/** What a page of the list left out is in the next list: pages end elsewhere when something was erased. */
const ROUNDS = 5;

/** Errors: STORE_REFUSED with what is still there. */
export async function forgetPast(connection: Connection, before: Date): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const { versions, markers } = await readPast(connection, before);
    if (versions.length + markers.length === 0) return;
    await erase(connection, versions);
    // Without its marker an older version that was left out of the list would be there again.
    for (const marker of markers) {
      const left = (await listVersions(connection, marker.key)).filter(({ key }) => key === marker.key);
      if (left.length === 1 && left[0]?.versionId === marker.versionId) await erase(connection, [marker]);
    }
  }
}

interface From {
  KeyMarker?: string;
  VersionIdMarker?: string;
}

/** Newest first in each key. Errors: STORE_*. */
export async function listVersions(connection: Connection, prefix: string): Promise<Version[]> {
  const all: Version[] = [];
  let from: From | undefined = {};
  while (from) from = await readPage(connection, prefix, from, all);
  // Two lists, versions and markers: in their own order together they are newest first.
  return all.sort((a, b) => (a.key === b.key ? newestFirst(a, b) : a.key < b.key ? -1 : 1));
}

/** Gives where the next one begins. */
async function readPage(connection: Connection, Prefix: string, from: From, all: Version[]) {
  const page = await versionsPage(connection, { Prefix, ...from });
  all.push(...(page.Versions ?? []).map(entry => versionOf(entry, false)));
  all.push(...(page.DeleteMarkers ?? []).map(entry => versionOf(entry, true)));
  const { NextKeyMarker, NextVersionIdMarker } = page;
  if (!page.IsTruncated || NextKeyMarker === undefined) return undefined;
  if (NextKeyMarker === from.KeyMarker && NextVersionIdMarker === from.VersionIdMarker) return undefined;
  return { KeyMarker: NextKeyMarker, ...(NextVersionIdMarker && { VersionIdMarker: NextVersionIdMarker }) };
}

const newestFirst = (a: Version, b: Version) => Number(b.latest) - Number(a.latest) || b.modified - a.modified;

interface Entry {
  Key?: string | undefined;
  VersionId?: string | undefined;
  IsLatest?: boolean | undefined;
  LastModified?: Date | undefined;
}

const versionOf = ({ Key = '', VersionId = 'null', IsLatest, LastModified }: Entry, marker: boolean): Version => ({
  key: Key,
  versionId: VersionId,
  latest: IsLatest === true,
  marker,
  modified: (LastModified ?? new Date()).getTime(),
});
