import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Site } from '../inventory/index.ts';
import { settle, writeDurably } from './durable.ts';
import { hashFile, type Inputs, keyOf, type Want } from './identity.ts';

export type SourceKind = Site['artifacts']['sources'][number];

/** What is known of a file in the cache. */
export interface ArtifactRecord extends Want {
  schema: 1;
  source: SourceKind;
  inputs: Inputs;
  /** What the bytes depend on beside the inputs, as Go's version; a bundle brings it along. */
  toolchain: Inputs;
  sha256: string;
  /** Bytes. */
  size: number;
  /** While size and this are the same, the content is taken as unchanged. */
  mtimeMs: number;
  /** UTC, ISO 8601. */
  madeAt: string;
  /** For the reader of an evidence: module versions, the URL. */
  notes: Readonly<Record<string, string | readonly string[]>>;
}

export interface Resolved {
  /** Read-only for callers: it is the cache's own copy. */
  path: string;
  sha256: string;
  size: number;
  source: SourceKind;
  record: ArtifactRecord;
}

/** What to look for. `toolchain` undefined: any. */
export interface CacheKey {
  want: Want;
  inputs: Inputs;
  toolchain: Inputs | undefined;
  /** Present: only these bytes. */
  sha256?: string;
}

/** Layout: sha256/<digest> is content, index/<key of inputs>/<key of toolchain>.json says what it is. */
export const contentPath = (cache: string, digest: string) => join(cache, 'sha256', digest);
const indexDir = (cache: string, { want, inputs }: CacheKey) => join(cache, 'index', keyOf(want, inputs));
const indexName = (want: Want, toolchain: Inputs) => `${keyOf(want, toolchain)}.json`;

/**
 * A hit is verified: by size and time of change, or by its digest when `full` or when the time differs. A damaged entry
 * is dropped and reported, and counts as missing.
 */
export async function findCached(
  cache: string,
  key: CacheKey,
  options: { full?: boolean; notice(text: string): void },
): Promise<Resolved | undefined> {
  const dir = indexDir(cache, key);
  const names = key.toolchain ? [indexName(key.want, key.toolchain)] : await readdir(dir).catch(() => []);
  for (const name of names.sort()) {
    const path = join(dir, name);
    const record = await readRecord(path);
    if (!record || (key.sha256 !== undefined && key.sha256 !== record.sha256)) continue;
    const seen = await inspect(cache, record, options.full ?? false);
    if (typeof seen !== 'string') {
      // Another record brought the same bytes, or the cache was copied: hash once, not at each use.
      if (seen.mtimeMs !== record.mtimeMs) await writeRecord(path, { ...record, mtimeMs: seen.mtimeMs });
      return resolved(cache, record);
    }
    options.notice(`cache: ${record.name} ${record.version} ${seen}: it is made again`);
    await rm(contentPath(cache, record.sha256), { recursive: true, force: true });
    await rm(path, { force: true });
  }
  return undefined;
}

/** A record that cannot be read is a miss: a cache is only a cache. */
export async function readRecord(path: string): Promise<ArtifactRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(path, 'utf8')) as ArtifactRecord;
    return record.schema === 1 && /^[0-9a-f]{64}$/.test(record.sha256) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** The file's time of change, or what is wrong with it. */
async function inspect(cache: string, record: ArtifactRecord, full: boolean): Promise<{ mtimeMs: number } | string> {
  const path = contentPath(cache, record.sha256);
  const seen = await stat(path).catch(() => undefined);
  if (!seen?.isFile()) return 'is gone';
  if (seen.size !== record.size) return `has ${seen.size} bytes, not ${record.size}`;
  if (!full && seen.mtimeMs === record.mtimeMs) return seen;
  const digest = await hashFile(path);
  return digest === record.sha256 ? seen : `has the digest ${digest}, not ${record.sha256}`;
}

const writeRecord = (path: string, record: ArtifactRecord) =>
  writeDurably(path, `${JSON.stringify(record, null, 1)}\n`, `${path}.${randomUUID()}`);

const resolved = (cache: string, record: ArtifactRecord): Resolved => ({
  path: contentPath(cache, record.sha256),
  sha256: record.sha256,
  size: record.size,
  source: record.source,
  record,
});

export interface Kept {
  key: CacheKey & { toolchain: Inputs };
  source: SourceKind;
  mode: number;
  madeAt: string;
  notes: ArtifactRecord['notes'];
}

/** Moves a finished file of the cache's own file system in: content first, then the record that names it. */
export async function keep(cache: string, file: string, kept: Kept): Promise<Resolved> {
  const { key } = kept;
  const digest = await hashFile(file);
  await mkdir(join(cache, 'sha256'), { recursive: true, mode: 0o700 });
  await mkdir(indexDir(cache, key), { recursive: true, mode: 0o700 });
  await chmod(file, kept.mode);
  const path = contentPath(cache, digest);
  await settle(file, path);
  const { size, mtimeMs } = await stat(path);
  const record: ArtifactRecord = {
    schema: 1,
    ...key.want,
    source: kept.source,
    inputs: key.inputs,
    toolchain: key.toolchain,
    sha256: digest,
    size,
    mtimeMs,
    madeAt: kept.madeAt,
    notes: kept.notes,
  };
  await writeRecord(join(indexDir(cache, key), indexName(key.want, key.toolchain)), record);
  return resolved(cache, record);
}
