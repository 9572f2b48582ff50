import type { KeyObject } from 'node:crypto';
import type { ObjectStore } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { canonical } from './canonical.ts';
import { shown } from './plain.ts';
import { KEYS, type Manifest, manifest, setId } from './set.ts';
import { parseJson, sha256Of, signatureFlaw, signBytes } from './sign.ts';
import type { SealedSet } from './source.ts';
import { readTombstone } from './tombstone.ts';

/** Whose set it has to be. */
export interface Expected {
  /** The name of the site. */
  site: string;
  publicKey: KeyObject;
}

/**
 * A set whose manifest is what its site's signer signed. Errors: SET_ABSENT (expired, or never sealed),
 * MANIFEST_CHANGED, MANIFEST_INVALID, SET_FOREIGN, STORE_*.
 */
export async function readSet(store: ObjectStore, id: string, { site, publicKey }: Expected): Promise<SealedSet> {
  const set = await readSigned(store, id, { site, publicKey });
  if (set.manifest.site !== site) throw foreign(id, set.manifest.site, site);
  return set;
}

/** As readSet, but another site's set that our own signer signed is returned: check set.site names it. */
export async function readSigned(store: ObjectStore, id: string, { site, publicKey }: Expected): Promise<SealedSet> {
  if (!setId.safeParse(id).success)
    throw new OpsError('SET_ABSENT', `cannot read the set ${shown(id)}: that is no id of a set`);
  const [bytes, signature] = await Promise.all([store.get(KEYS.manifest(id)), store.get(KEYS.signature(id))]);
  if (!bytes) throw await absent(store, id, { site, publicKey });
  const flaw = signature ? signatureFlaw(bytes, signature, publicKey) : 'is not there';
  const parsed = manifest.safeParse(parseJson(bytes));
  if (flaw !== undefined) {
    // Unproven words, good enough to name what is refused anyway.
    if (parsed.success && parsed.data.site !== site) throw foreign(id, parsed.data.site, site);
    throw new OpsError('MANIFEST_CHANGED', `cannot trust the manifest of the set ${id}: its signature ${flaw}`);
  }
  if (!parsed.success) throw invalid(id, parsed.error.issues);
  if (parsed.data.id !== id)
    throw new OpsError(
      'MANIFEST_CHANGED',
      `cannot trust the manifest of the set ${id}: it is the one of ${parsed.data.id}`,
    );
  return { manifest: parsed.data, sha256: sha256Of(bytes) };
}

/**
 * Writes the manifest and its signature, and reads both back. The signature first: the manifest is what makes a set,
 * so a run that is killed in between has sealed nothing. Errors: STORE_EXISTS, MANIFEST_CHANGED, STORE_*.
 */
export async function writeManifest(
  store: ObjectStore,
  set: Manifest,
  signer: KeyObject,
  { replace = false } = {},
): Promise<string> {
  const bytes = Buffer.from(canonical(manifest.parse(set)));
  const signature = signBytes(bytes, signer);
  await store.put(KEYS.signature(set.id), signature);
  await store.put(KEYS.manifest(set.id), bytes, { ifAbsent: !replace });
  const [found, beside] = await Promise.all([store.get(KEYS.manifest(set.id)), store.get(KEYS.signature(set.id))]);
  if (!found || !beside || !bytes.equals(found) || signature !== Buffer.from(beside).toString())
    throw new OpsError(
      'MANIFEST_CHANGED',
      `cannot seal the set ${set.id}: its manifest does not read back as it was written`,
    );
  return sha256Of(bytes);
}

async function absent(store: ObjectStore, id: string, { site, publicKey }: Expected): Promise<OpsError> {
  const tombstone = await readTombstone(store, id, publicKey);
  const why = tombstone ? `it expired at ${tombstone.expiredAt}` : 'there is none, or it was never sealed';
  return new OpsError('SET_ABSENT', `cannot read the set ${id}: ${why}`, { hint: `./muster backups --site ${site}` });
}

const foreign = (id: string, found: string, site: string) =>
  new OpsError('SET_FOREIGN', `cannot use the set ${id} for ${site}: it is of the site ${shown(found)}`);

function invalid(id: string, issues: readonly { path: PropertyKey[]; message: string }[]): OpsError {
  const details = issues.slice(0, 20).map(({ path, message }) => shown(`${path.map(String).join('.')}: ${message}`));
  return new OpsError('MANIFEST_INVALID', `cannot read the manifest of the set ${id}: its schema does not hold`, {
    details,
  });
}
