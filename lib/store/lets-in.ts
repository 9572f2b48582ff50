import { isOpsError } from '../errors/index.ts';
import type { StoreAccess } from './access.ts';
import { openStore } from './client.ts';
import type { StoreEnv } from './connection.ts';
import { failureOf } from './failure.ts';

/** Whether the store knows these keys: tried, with a question that every role may ask. Errors: STORE_UNREACHABLE; any other refusal. */
export async function letsIn(access: StoreAccess, env: StoreEnv): Promise<boolean> {
  const store = openStore(access, env);
  try {
    await store.list('.muster/');
    return true;
  } catch (error) {
    if (isOpsError(error, 'STORE_REFUSED') && failureOf(error.cause).status === 403) return false;
    throw error;
  } finally {
    store.close();
  }
}
