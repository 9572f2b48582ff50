import { isOpsError, OpsError } from '../../errors/index.ts';
import { KEYS } from '../set.ts';
import { type AuditCheck, ofNewest } from './at-hand.ts';

/**
 * The key of KMS is in no escrow and cannot be: of it the right to use it is what a restore needs. Tried by reading, as who
 * would restore, an object that the key encrypts; a key that is off or about to be deleted refuses that too.
 */
export const kmsKeyCheck = (key: string): AuditCheck => ({
  id: 'audit.kms',
  title: 'Who restores may use the key of KMS that encrypts the store',
  source: 'set',
  level: 'L0',
  required: true,
  expected: `the manifest of the newest complete set, encrypted by ${key}, read with the keys of the reader`,
  look: ofNewest(async ({ manifest }, { store, reader }) => {
    const name = KEYS.manifest(manifest.id);
    const { kmsKey: by, versionId } = (await (await store()).head(name)) ?? {};
    if (by === undefined)
      throw new OpsError('CHECK_UNRUN', `cannot tell by which key ${name} is encrypted: no key is named`);
    if (by !== key) return { state: 'failed', code: 'STORE_UNSAFE', got: `${name} is encrypted by ${by}` };
    try {
      if (await (await reader()).get(name, versionId)) return { state: 'passed', got: `${name} is read` };
      return { state: 'failed', code: 'SET_ARTEFACT_MISSING', got: `the reader does not see ${name}` };
    } catch (error) {
      if (!isOpsError(error, 'STORE_REFUSED')) throw error;
      return { state: 'failed', code: 'KEY_MISSING', got: error.message };
    }
  }),
});
