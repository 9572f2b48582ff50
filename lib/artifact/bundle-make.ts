import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OpsError } from '../errors/index.ts';
import type { Resolved } from './cache.ts';
import { sync, writeDurably } from './durable.ts';
import { hashFile } from './identity.ts';
import { bundleFile, digestOf, type Manifest, manifestEntry, readManifest } from './manifest.ts';

export interface BundleDeps {
  signal: AbortSignal;
  progress(text: string): void;
}

/**
 * Writes the folder `dir` with files/<sha256> and manifest.json. It is made as `<dir>.partial`, which a later run goes
 * on with, and gets its name when it is whole; an older bundle there is replaced. Errors: BUNDLE_EXISTS when `dir` is
 * something else, BUNDLE_INVALID.
 */
export async function makeBundle(
  dir: string,
  artifacts: readonly Resolved[],
  deps: BundleDeps,
): Promise<Manifest & { digest: string }> {
  await refuseOther(dir);
  const partial = `${dir}.partial`;
  await mkdir(join(partial, 'files'), { recursive: true });
  const manifest: Manifest = { schema: 1, artifacts: artifacts.map(({ record }) => manifestEntry(record)) };
  await dropOthers(partial, manifest);
  for (const [index, artifact] of artifacts.entries()) {
    deps.signal.throwIfAborted();
    deps.progress(`${index + 1} of ${artifacts.length}: ${artifact.record.name} ${artifact.record.version}`);
    await put(artifact, bundleFile(partial, artifact));
  }
  await sync(join(partial, 'files'));
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  await writeDurably(join(partial, 'manifest.json'), text, join(partial, 'manifest.draft'), 0o644);
  await swap(partial, dir);
  return { ...manifest, digest: digestOf(text) };
}

/** A folder that is no bundle of ours is never replaced. */
async function refuseOther(dir: string): Promise<void> {
  const names = await readdir(dir).catch(error => {
    if (error.code === 'ENOENT') return undefined;
    throw new OpsError('BUNDLE_EXISTS', `cannot write the bundle ${dir}: ${error.message}`, { cause: error });
  });
  if (!names || names.length === 0) return;
  const known = new Set(['files', 'manifest.json']);
  if (names.every(name => known.has(name)) && (await readManifest(dir))) return;
  throw new OpsError(
    'BUNDLE_EXISTS',
    `cannot write the bundle ${dir}: the folder holds ${names.sort().slice(0, 5).join(', ')}`,
  );
}

/** What an earlier, interrupted bundle left and this one does not want. */
async function dropOthers(partial: string, manifest: Manifest): Promise<void> {
  await rm(join(partial, 'manifest.json'), { force: true });
  await rm(join(partial, 'manifest.draft'), { force: true });
  const wanted = new Set(manifest.artifacts.map(({ sha256 }) => sha256));
  for (const name of await readdir(join(partial, 'files')))
    if (!wanted.has(name)) await rm(join(partial, 'files', name), { force: true, recursive: true });
}

async function put(artifact: Resolved, file: string): Promise<void> {
  const there = await hashFile(file).catch(() => undefined);
  if (there === artifact.sha256) return;
  await rm(file, { force: true });
  await copyFile(artifact.path, file, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  const digest = await hashFile(file);
  if (digest !== artifact.sha256)
    throw new OpsError(
      'ARTIFACT_DIGEST',
      `cannot bundle ${artifact.path}: got sha256:${digest}, expected sha256:${artifact.sha256}`,
    );
  await sync(file);
}

/** Between the two renames there is no bundle under the name; there is never half of one. */
async function swap(partial: string, dir: string): Promise<void> {
  const old = `${dir}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(dir, old).catch(error => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(partial, dir);
  await rm(old, { recursive: true, force: true });
}

/** Every file of a bundle against its manifest. Errors: BUNDLE_INVALID, ARTIFACT_DIGEST. */
export async function verifyBundle(dir: string): Promise<Manifest> {
  const manifest = await readManifest(dir);
  if (!manifest) throw new OpsError('BUNDLE_INVALID', `cannot use the bundle ${dir}: it has no manifest.json`);
  for (const entry of manifest.artifacts) {
    const digest = await hashFile(bundleFile(dir, entry)).catch(error => error.code ?? 'unreadable');
    if (digest !== entry.sha256)
      throw new OpsError(
        'ARTIFACT_DIGEST',
        `cannot use ${bundleFile(dir, entry)}: got ${digest}, expected ${entry.sha256}`,
      );
  }
  return manifest;
}
