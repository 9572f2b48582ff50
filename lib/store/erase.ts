import type { StoreAccess } from './access.ts';
import { ATTEMPTS, type Attempt, refusal, type Target } from './attempts.ts';
import { storeOn } from './client.ts';
import { connectStore, type StoreEnv } from './connection.ts';

/** What came of an attempt to make one version of an object go away. */
export interface Erased {
  tried: { what: string; refused: string | undefined }[];
  /** It is there as before. */
  whole: boolean;
}

/**
 * Everything by which these keys could make a version go away, then what they may do: write over the object and hide it.
 * Puts the object back out of its version. Errors: STORE_*: what was done is put back by nobody then.
 */
export async function tryToErase(
  access: StoreAccess,
  target: Omit<Target, 'bucket'>,
  env: StoreEnv,
  attempts: readonly Attempt[] = ATTEMPTS,
): Promise<Erased> {
  const connection = connectStore(access, env);
  const store = storeOn(connection);
  const { key, versionId } = target;
  try {
    const before = await store.get(key, versionId);
    const tried: Erased['tried'] = [];
    for (const attempt of attempts) {
      const refused = await refusal(attempt, { bucket: access.bucket, ...target }, connection);
      tried.push({ what: attempt.what, refused });
    }
    await store.put(key, 'written over by a drill');
    await store.remove([key]);
    const after = await store.get(key, versionId);
    const whole = before !== undefined && after !== undefined && Buffer.compare(before, after) === 0;
    if (whole) await store.put(key, before);
    return { tried, whole };
  } finally {
    connection.close();
  }
}
