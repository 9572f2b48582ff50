import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import type { Masker, SecretStore } from '../../secret/index.ts';
import type { Secrets } from './document.ts';
import { openEscrow } from './generations.ts';
import { escrowOf, readIdentity } from './place.ts';

/**
 * The newest escrow of a site as a SecretStore that is only read: what somebody has who lost everything else.
 * Errors: ESCROW_ABSENT, KEY_MISSING, KEY_WRONG.
 */
export async function escrowedSecrets(site: Site, masker: Pick<Masker, 'add'>): Promise<SecretStore> {
  const at = escrowOf(site);
  const { secrets } = await openEscrow(at, await readIdentity(at));
  for (const secret of secrets.values()) masker.add(secret);
  return readOnly(site.name, secrets);
}

function readOnly(site: string, secrets: Secrets): SecretStore {
  const refuse = (name: string): never => {
    throw new OpsError('SECRET_WRITE', `cannot write the secret ${name}: the escrow of ${site} is only read`);
  };
  return {
    get: async name => secrets.get(name),
    list: async () => [...secrets.keys()].sort(),
    put: async name => refuse(name),
    generate: async name => secrets.get(name) ?? refuse(name),
    remove: async name => refuse(name),
  };
}
