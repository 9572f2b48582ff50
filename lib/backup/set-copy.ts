import type { KeyObject } from 'node:crypto';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore, StoredObject } from '../engine/index.ts';
import { eachOf, hashObjects } from './artefacts.ts';
import type { EscrowAt } from './escrow/place.ts';
import { writeManifest } from './manifest.ts';
import { KEYS, type Manifest } from './set.ts';
import type { SealedSet, SetCopy } from './source.ts';

const AT_ONCE = 8;

export interface CopyOptions {
  /** Signs the copy: any pair, whose public half the checks of the copy are given. */
  signer: KeyObject;
  escrow: EscrowAt;
  /** For the copy of the escrow: escrow-1, escrow-2 and identity.txt in it are written over. */
  directory: string;
  /** Prefixes beside the artefacts that a restore reads: files that the tools rewrite with each backup. */
  also?: readonly string[];
}

export type RestorableCopy = SetCopy & {
  /** Puts back what was touched since, and nothing else. */
  restore(): Promise<void>;
};

/** A set in a bucket of its own, with its escrow in a directory of its own. `into` must be empty. Errors: STORE_*. */
export async function copySet(
  set: SealedSet,
  from: ObjectStore,
  into: ObjectStore,
  options: CopyOptions,
): Promise<RestorableCopy> {
  const keys = await keysOf(set, from, options.also ?? []);
  const fetch = (key: string) => into.copy({ bucket: from.bucket, key }, key);
  await eachOf(keys, AT_ONCE, fetch);
  const seal = async (manifest: Manifest): Promise<SealedSet> => ({
    manifest,
    sha256: await writeManifest(into, manifest, options.signer, { replace: true }),
  });
  const escrow = await copyEscrow(options.escrow, options.directory);
  const copy: RestorableCopy = {
    store: into,
    set: await seal(set.manifest),
    escrow,
    async reseal(change = same => same) {
      copy.set = await seal(change(await asItIsNow(copy.set.manifest, into)));
    },
    async restore() {
      const now = new Map((await into.list('')).map(object => [object.key, markOf(object)]));
      await into.remove([...now.keys()].filter(key => !whole.has(key)));
      await eachOf(
        keys.filter(key => now.get(key) !== whole.get(key)),
        AT_ONCE,
        fetch,
      );
      copy.set = await seal(set.manifest);
      await copyEscrow(options.escrow, options.directory);
      whole = await marks(into);
    },
  };
  let whole = await marks(into);
  return copy;
}

async function keysOf({ manifest }: SealedSet, from: ObjectStore, also: readonly string[]): Promise<string[]> {
  const listed = await Promise.all([`${KEYS.sets}${manifest.id}/`, ...also].map(prefix => from.list(prefix)));
  const sealed = [KEYS.manifest(manifest.id), KEYS.signature(manifest.id)];
  const keys = [...manifest.sources.flatMap(part => part.artefacts), ...listed.flat()].map(({ key }) => key);
  return [...new Set(keys)].filter(key => !sealed.includes(key)).sort();
}

/** An object that was put again has another time, though it may have the same bytes. */
const markOf = ({ etag, size, modified, versionId }: StoredObject) => [etag, size, modified, versionId].join(' ');

const marks = async (store: ObjectStore): Promise<Map<string, string>> =>
  new Map((await store.list('')).map(object => [object.key, markOf(object)]));

/** As if the backup had been taken from what is there now: what is gone was never in it. */
async function asItIsNow(manifest: Manifest, store: ObjectStore): Promise<Manifest> {
  const sources = await Promise.all(
    manifest.sources.map(async part => ({
      ...part,
      artefacts: await hashObjects(
        store,
        part.artefacts.map(({ key }) => key),
      ),
    })),
  );
  return { ...manifest, sources };
}

async function copyEscrow(at: EscrowAt, directory: string): Promise<EscrowAt> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const renew = async (from: string, name: string): Promise<string> => {
    const to = join(directory, name);
    await rm(to, { recursive: true, force: true });
    await cp(from, to, { recursive: true });
    return to;
  };
  const places: string[] = [];
  for (const [n, place] of at.places.entries()) places.push(await renew(place, `escrow-${n + 1}`));
  if (at.identityFile === undefined) return { ...at, places };
  return { ...at, places, identityFile: await renew(at.identityFile, 'identity.txt') };
}
