import type { StoredObject } from '../../engine/index.ts';
import { isOpsError } from '../../errors/index.ts';
import { KEYS } from '../set.ts';
import { baseBackup, type Taking } from './point.ts';

/** Of base backups that never ended: the manifest is written last. Pure. */
export function unfinishedKeys(objects: readonly StoredObject[], stanza: string): string[] {
  const prefix = `${KEYS.pgbackrest}backup/${stanza}/`;
  const ours = objects.map(({ key }) => key).filter(key => key.startsWith(prefix));
  const labels = Map.groupBy(ours, key => key.slice(prefix.length).split('/')[0] ?? '');
  return [...labels].flatMap(([label, keys]) =>
    /^\d{8}-\d{6}F$/.test(label) && !keys.includes(`${prefix}${label}/backup.manifest`) ? keys : [],
  );
}

/**
 * A base backup, also after one that was killed. pgBackRest removes what that one left by many keys in one request, which
 * the site may not: then it is removed here, key by key, and tried once more. A backup that still runs is left alone:
 * pgBackRest refuses for its lock before it removes anything. Errors: COMMAND_FAILED.
 */
export async function backupAnew(taking: Taking): Promise<void> {
  const { store, stanza } = taking;
  try {
    await baseBackup(taking);
  } catch (error) {
    if (!isOpsError(error, 'COMMAND_FAILED') || !error.details.some(line => line.includes('AccessDenied'))) throw error;
    const keys = unfinishedKeys(await store.list(`${KEYS.pgbackrest}backup/${stanza}/`), stanza);
    if (keys.length === 0) throw error;
    await store.remove(keys);
    await baseBackup(taking);
  }
}
