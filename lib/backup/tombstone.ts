import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { ObjectStore } from '../engine/index.ts';
import { canonical } from './canonical.ts';
import { KEYS, manifest, setId } from './set.ts';
import { parseJson, signatureFlaw, signBytes } from './sign.ts';
import type { SealedSet } from './source.ts';

/** What is left of a set that expired, so that one that vanished can be told from it. Signed as a manifest is. */
const tombstone = z.strictObject({
  schema: z.literal(1),
  id: setId,
  site: z.string(),
  expiredAt: z.iso.datetime(),
  /** Of the manifest, as the next set names it. */
  sha256: z.string(),
  previous: manifest.shape.previous,
});
export type Tombstone = z.infer<typeof tombstone>;

const FILE = 'expired.json';
const SIGNATURE = 'expired.sig';

/** undefined: there is none, or none that the site's signer signed. */
export async function readTombstone(
  store: ObjectStore,
  id: string,
  publicKey: KeyObject,
): Promise<Tombstone | undefined> {
  const [bytes, signature] = await Promise.all([store.get(KEYS.file(id, FILE)), store.get(KEYS.file(id, SIGNATURE))]);
  if (!bytes || !signature || signatureFlaw(bytes, signature, publicKey)) return undefined;
  const parsed = tombstone.safeParse(parseJson(bytes));
  return parsed.success && parsed.data.id === id ? parsed.data : undefined;
}

/** Before anything of the set is removed: a killed run leaves a set that says it expired, never one that vanished. */
export async function writeTombstone(store: ObjectStore, set: SealedSet, at: Date, signer: KeyObject): Promise<void> {
  const { id, site, previous } = set.manifest;
  const stone: Tombstone = { schema: 1, id, site, expiredAt: at.toISOString(), sha256: set.sha256, previous };
  const bytes = Buffer.from(canonical(stone));
  await store.put(KEYS.file(id, SIGNATURE), signBytes(bytes, signer));
  await store.put(KEYS.file(id, FILE), bytes);
}

/** The file, and its signature. */
export const tombstoneKeys = (id: string) => ({ bytes: KEYS.file(id, FILE), signature: KEYS.file(id, SIGNATURE) });

export const isTombstone = (id: string, key: string): boolean =>
  key === KEYS.file(id, FILE) || key === KEYS.file(id, SIGNATURE);
