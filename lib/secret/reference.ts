import { OpsError } from '../errors/index.ts';
import type { Secret } from './secret.ts';
import { fromVault } from './sources/bw.ts';
import type { ReferenceDeps } from './sources/deps.ts';
import { fromEnvironment } from './sources/env.ts';
import { fromFile } from './sources/file.ts';

/**
 * The secret that `env:NAME`, `file:PATH` or `bw:ITEM/FIELD` points at.
 * Errors: SECRET_REFERENCE_INVALID, SECRET_MISSING, SECRET_EXPOSED, SECRET_UNREADABLE, VAULT_LOCKED, VAULT_UNAVAILABLE.
 */
export async function resolveReference(reference: string, deps: ReferenceDeps): Promise<Secret> {
  const [, source, place] = /^(env|file|bw):(.+)$/s.exec(reference) ?? [];
  if (source === 'env' && place) return fromEnvironment(place, deps);
  if (source === 'file' && place) return fromFile(place, deps);
  if (source === 'bw' && place) return fromVault(place, deps);
  // Not named: the commonest mistake is the secret itself where its reference belongs.
  throw new OpsError('SECRET_REFERENCE_INVALID', 'cannot use a text as a reference to a secret (it is not shown here)');
}
