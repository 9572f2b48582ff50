import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { OpsError } from '../errors/index.ts';
import type { ArtifactRecord } from './cache.ts';
import { mismatch } from './download.ts';
import { sha256 } from './identity.ts';

const inputs = z.record(z.string(), z.string());

const entry = z.strictObject({
  schema: z.literal(1),
  name: z.string(),
  version: z.string(),
  arch: z.enum(['amd64', 'arm64']),
  /** Where it came from first: a bundle does not make a build a release. */
  source: z.enum(['release', 'mirror', 'module']),
  inputs,
  toolchain: inputs,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
  madeAt: z.string(),
  notes: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});

/** manifest.json of a bundle. The file of an entry is files/<sha256>, so that a name cannot lead out of the folder. */
const manifestSchema = z.strictObject({ schema: z.literal(1), artifacts: z.array(entry) });

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestEntry = z.infer<typeof entry>;

export const bundleFile = (dir: string, { sha256 }: Pick<ManifestEntry, 'sha256'>): string =>
  join(dir, 'files', sha256);

/** As `artifacts.bundleDigest` names a bundle: of its manifest, which has the digests of all files. */
export const digestOf = (text: string): string => `sha256:${sha256(text)}`;

/** undefined: there is none. `expected` is its digest when only one will do. Errors: BUNDLE_INVALID, ARTIFACT_DIGEST. */
export async function readManifest(dir: string, expected?: string): Promise<Manifest | undefined> {
  const path = join(dir, 'manifest.json');
  const text = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  if (expected !== undefined && digestOf(text) !== expected) throw mismatch(path, digestOf(text), expected);
  const parsed = manifestSchema.safeParse(json(text));
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map(
    ({ path: at, message }) => `${at.map(String).join('.') || '(top)'}: ${message}`,
  );
  throw new OpsError('BUNDLE_INVALID', `cannot use the bundle ${dir}: its manifest.json is not one`, { details });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A bundle tells of the first source; `from` is the manifest that a bundled file came from. */
export function manifestEntry({ mtimeMs: _, ...record }: ArtifactRecord): ManifestEntry {
  const { bundle: _dir, origin, ...notes } = record.notes;
  const source = record.source === 'bundle' ? origin : record.source;
  return entry.parse({ ...record, source, notes });
}
