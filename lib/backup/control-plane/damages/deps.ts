import { gunzipSync, gzipSync } from 'node:zlib';
import { OpsError } from '../../../errors/index.ts';
import type { SecretStore } from '../../../secret/index.ts';
import { seal, unseal } from '../../cipher.ts';
import { type PartOf, partOf } from '../../set.ts';
import type { SetCopy } from '../../source.ts';
import { CIPHER } from '../take.ts';

/** What a copy is sealed with. */
export interface DamageDeps {
  secrets: Pick<SecretStore, 'get'>;
}

/** Errors: SET_INCOMPLETE when the set has no copy of a datastore. */
export function controlPlanePart({ set }: SetCopy): PartOf<'control-plane'> {
  const part = partOf(set.manifest, 'control-plane');
  if (part) return part;
  throw new OpsError('SET_INCOMPLETE', `cannot break ${set.manifest.id}: it has no control plane`);
}

/** The datastore, changed and sealed again, as if it had been so when it was taken. Errors: SET_ARTEFACT_MISSING, KEY_*. */
export async function rewriteDatastore(
  copy: SetCopy,
  { secrets }: DamageDeps,
  change: (bytes: Buffer) => Uint8Array,
): Promise<void> {
  const key = controlPlanePart(copy).facts.copy;
  const [sealed, cipher] = await Promise.all([copy.store.get(key), secrets.get(CIPHER)]);
  if (!sealed || !cipher) throw new OpsError('SET_ARTEFACT_MISSING', `cannot break ${key}: it does not open`);
  const bytes = gunzipSync(unseal(sealed, cipher, key));
  await copy.store.put(key, seal(gzipSync(change(bytes)), cipher));
  await copy.reseal();
}
