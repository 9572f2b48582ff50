import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArtifactRecord, contentPath, readRecord } from './cache.ts';

/** Enough for a site, the sites of the tests, and the version before. */
const KEPT = 4;
/** A set of images is made for each choice of add-ons and sources, of which `make test` has four beside the lab's. */
const KEPT_OF: Record<string, number> = { images: 8 };

/**
 * Drops all but the newest builds and downloads of one name: every edit of the app would leave some 400 MB behind.
 * What another name's record refers to stays.
 */
export async function prune(cache: string, name: string): Promise<void> {
  const records = await allRecords(cache);
  const mine = records.filter(({ record }) => record.name === name);
  mine.sort((a, b) => (a.record.madeAt < b.record.madeAt ? 1 : -1));
  const dropped = mine.slice(KEPT_OF[name] ?? KEPT);
  const kept = new Set(records.filter(entry => !dropped.includes(entry)).map(({ record }) => record.sha256));
  for (const { dir, path, record } of dropped) {
    await rm(path, { force: true });
    // Only when it is empty.
    await rmdir(dir).catch(() => undefined);
    if (!kept.has(record.sha256)) await rm(contentPath(cache, record.sha256), { force: true });
  }
}

async function allRecords(cache: string): Promise<{ dir: string; path: string; record: ArtifactRecord }[]> {
  const index = join(cache, 'index');
  const dirs = (await readdir(index)).map(name => join(index, name));
  const found = await Promise.all(
    dirs.map(async dir => {
      const names = (await readdir(dir).catch(() => [])).filter(name => name.endsWith('.json'));
      return Promise.all(
        names.map(async name => ({ dir, path: join(dir, name), record: await readRecord(join(dir, name)) })),
      );
    }),
  );
  return found.flat().flatMap(({ dir, path, record }) => (record ? [{ dir, path, record }] : []));
}
