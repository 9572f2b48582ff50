import type { Site } from '../inventory/index.ts';

/**
 * The same site as if its replica were its store: whatever reads or writes its backups goes there, and nothing knows the way
 * to the store itself. undefined: the inventory names none.
 */
export function replicaOf(site: Site): Site | undefined {
  const { backup } = site;
  const store = backup?.store;
  if (store?.kind !== 's3' || !store.replica) return undefined;
  const { keys = { accessKey: store.accessKey, secretKey: store.secretKey }, role: _, ...place } = store.replica;
  const { lock, lockMode } = store;
  // Its versions are held as those of the store are.
  const held = { ...(lock !== undefined && { lock }), ...(lockMode && { lockMode }) };
  return {
    ...site,
    backup: { ...backup, store: { kind: 's3', ...place, ...keys, ...held } } as NonNullable<Site['backup']>,
  };
}

/** Who copies: the endpoint by itself, muster at the end of a backup, or nobody. */
export function replicatedBy({ backup }: Site): 'endpoint' | 'muster' | undefined {
  const store = backup?.store;
  if (store?.kind !== 's3' || !store.replica) return undefined;
  return store.replica.role === undefined ? 'muster' : 'endpoint';
}
