import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { OpsError } from '../errors/index.ts';
import type { Secret } from '../secret/index.ts';

/** Magic, salt and nonce, then AES-256-GCM of the bytes, then its tag: what is not whole or not ours does not open. */
const MAGIC = Buffer.from('MUSTER1\n');
const SALT = 16;
const NONCE = 12;
const TAG = 16;

const keyOf = (secret: Secret, salt: Uint8Array) =>
  Buffer.from(hkdfSync('sha256', secret.reveal(), salt, 'muster backup', 32));

/** For what goes to the store in one piece: the dump, the globals, the copy of a datastore. */
export function seal(plain: Uint8Array, secret: Secret): Uint8Array {
  const [salt, nonce] = [randomBytes(SALT), randomBytes(NONCE)];
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, salt), nonce);
  return Buffer.concat([MAGIC, salt, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Errors: KEY_WRONG: another key, or other bytes than were sealed: the two cannot be told apart. `what` names it. */
export function unseal(sealed: Uint8Array, secret: Secret, what: string): Uint8Array {
  const bytes = Buffer.from(sealed);
  const at = MAGIC.length + SALT + NONCE;
  if (bytes.length < at + TAG || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new OpsError('KEY_WRONG', `cannot open ${what}: its ${bytes.length} bytes were not sealed by muster`);
  const nonce = bytes.subarray(at - NONCE, at);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, bytes.subarray(MAGIC.length, at - NONCE)), nonce);
  decipher.setAuthTag(bytes.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(at, -TAG)), decipher.final()]);
  } catch (cause) {
    throw new OpsError('KEY_WRONG', `cannot open ${what}: another key, or other bytes than were sealed`, { cause });
  }
}
