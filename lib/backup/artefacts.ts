import { createHash } from 'node:crypto';
import type { ObjectStore } from '../engine/index.ts';
import { type Code, isOpsError } from '../errors/index.ts';
import type { Artefact } from './set.ts';

/** Objects read at once: enough to hide the way there, few enough for a small computer. */
const AT_ONCE = 8;

/**
 * What the store gives back for a key, read to its last byte; undefined: it is not there.
 * Without `versionId` it is what every tool would read now. Errors: STORE_*.
 */
export async function hashObject(store: ObjectStore, key: string, versionId?: string): Promise<Artefact | undefined> {
  const head = await store.head(key, versionId);
  // The version that was seen is the one that is read, whatever is put there meanwhile.
  const chunks = head && (await store.stream(key, head.versionId));
  if (!head || !chunks) return undefined;
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { key, versionId: head.versionId ?? null, size, sha256: hash.digest('hex') };
}

/** For a source's take: its artefacts, read back. What is not there is left out: `set.seal` has the last word. */
export async function hashObjects(store: ObjectStore, keys: readonly string[]): Promise<Artefact[]> {
  const found = await eachOf(keys, AT_ONCE, key => hashObject(store, key));
  return found.filter(artefact => artefact !== undefined);
}

/** What an artefact is instead of what it was. */
export interface Finding {
  code: Extract<Code, `SET_ARTEFACT_${string}`>;
  key: string;
  /** For a person. */
  got: string;
}

export interface Inspected {
  /** As they were read back, in the order given. */
  artefacts: Artefact[];
  findings: Finding[];
}

/** Reads every artefact back and compares. What a restore would read counts: the newest version, not a recorded one. */
export async function inspect(store: ObjectStore, claimed: readonly Artefact[]): Promise<Inspected> {
  const seen = await eachOf(claimed, AT_ONCE, claim => hashObject(store, claim.key));
  const findings = await eachOf(claimed, AT_ONCE, async (claim, n) => finding(store, claim, seen[n]));
  return {
    artefacts: seen.filter(artefact => artefact !== undefined),
    findings: findings.filter(one => one !== undefined),
  };
}

async function finding(store: ObjectStore, claim: Artefact, found: Artefact | undefined): Promise<Finding | undefined> {
  if (found && found.size === claim.size && found.sha256 === claim.sha256) return undefined;
  const { key } = claim;
  const kept = await keptVersion(store, claim, found);
  if (!found) return { code: 'SET_ARTEFACT_MISSING', key, got: `not there${kept}` };
  if (found.size < claim.size)
    return { code: 'SET_ARTEFACT_TRUNCATED', key, got: `${found.size} bytes of ${claim.size}${kept}` };
  const got =
    found.size > claim.size ? `${found.size} bytes instead of ${claim.size}` : 'other bytes of the same length';
  return { code: 'SET_ARTEFACT_CHANGED', key, got: `${got}${kept}` };
}

/** Where the bucket keeps versions the sealed one may still be there: then nothing is lost, and a person should know. */
async function keptVersion(store: ObjectStore, claim: Artefact, found: Artefact | undefined): Promise<string> {
  if (claim.versionId === null || claim.versionId === found?.versionId) return '';
  const old = await hashObject(store, claim.key, claim.versionId).catch(error => {
    // In a copy of the bucket the id is of another one, and not every endpoint says that it has no such version.
    if (isOpsError(error, 'STORE_REFUSED')) return undefined;
    throw error;
  });
  return old?.sha256 === claim.sha256 ? `; its version ${claim.versionId} is still whole` : '';
}

/** Side by side up to a limit, the results in the order given. After the first error nothing more is begun. */
export async function eachOf<T, R>(
  items: readonly T[],
  limit: number,
  act: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let failed = false;
  const lane = async () => {
    for (const [index, item] of queue) {
      if (failed) return;
      results[index] = await act(item, index).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
