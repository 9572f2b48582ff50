import type { Site } from '../inventory/index.ts';

/** A month: what was the lease before is looked at by nobody. */
const HISTORY = 30 * 86_400_000;

/**
 * The same site as if its store were the one that other computers see: that of its backups, or of its shared state alone.
 * undefined: none is, and nothing keeps two computers apart.
 */
export function sharedOf(site: Site): Site | undefined {
  const { backup, state } = site;
  if (backup) return backup.store.kind === 's3' ? site : undefined;
  if (!state) return undefined;
  const none = { sources: [], namespaces: [], keep: 1, history: HISTORY };
  return { ...site, backup: { ...none, store: state.store } as unknown as NonNullable<Site['backup']> };
}
