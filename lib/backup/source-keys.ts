import type { SourceName } from './set.ts';

/** The secrets without which what a source took does not open, by their names in the SecretStore. */
export const KEYS_OF: Record<SourceName, readonly string[]> = {
  postgres: ['backup/pgbackrest-cipher'],
  velero: ['backup/kopia-password'],
  'control-plane': ['backup/control-plane-cipher', 'k3s/token'],
};
