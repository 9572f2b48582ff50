import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { z } from 'zod';
import { OpsError } from '../errors/index.ts';
import { Secret, type SecretStore } from '../secret/index.ts';
import { canonical } from './canonical.ts';

/** Ed25519: whoever holds it can say "this is a backup of the site". */
export const SIGNER = 'backup/signer';

/** What lies beside signed bytes. */
const signatureFile = z.strictObject({
  algorithm: z.literal('ed25519'),
  /** Of the public key, so that a reader can say whose signature it is. */
  key: z.string(),
  signature: z.base64(),
  /** Of the key before, while the signer is changed: the set verifies with either. */
  also: z.strictObject({ key: z.string(), signature: z.base64() }).optional(),
});

export const makeSigner = (): Secret =>
  new Secret(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());

/** Errors: KEY_MISSING: the site has none yet, KEY_WRONG: it is no Ed25519 key. */
export async function readSigner(secrets: SecretStore): Promise<KeyObject> {
  const pem = await secrets.get(SIGNER);
  if (!pem) throw new OpsError('KEY_MISSING', `cannot sign: there is no secret ${SIGNER}`);
  return parseSigner(pem);
}

/** Errors: KEY_WRONG. */
export const parseSigner = (pem: Secret): KeyObject =>
  ed25519(() => createPrivateKey(pem.reveal()), `the secret ${SIGNER}`);

export const publicOf = (signer: KeyObject): KeyObject => createPublicKey(signer);

/** Errors: KEY_WRONG. `what` names the file. */
export const parsePublicKey = (pem: string, what: string): KeyObject => ed25519(() => createPublicKey(pem), what);

export const publicPem = (signer: KeyObject): string =>
  createPublicKey(signer).export({ type: 'spki', format: 'pem' }).toString();

/** 'SHA256:...' of the public key, as ssh writes it. */
export function fingerprint(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  const der = half.export({ type: 'spki', format: 'der' });
  return `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`;
}

/** The text of the signature's file, over exactly these bytes. */
export const signBytes = (bytes: Uint8Array, signer: KeyObject): string =>
  canonical({
    algorithm: 'ed25519',
    key: fingerprint(signer),
    signature: sign(null, bytes, signer).toString('base64'),
  });

/** undefined: it holds. Otherwise why not, to follow "its signature ". */
export function signatureFlaw(bytes: Uint8Array, file: Uint8Array, publicKey: KeyObject): string | undefined {
  const parsed = signatureFile.safeParse(parseJson(file));
  if (!parsed.success) return 'is not one';
  const { key, signature, also } = parsed.data;
  const holds = (one: string) => verify(null, bytes, publicKey, Buffer.from(one, 'base64'));
  if (holds(signature) || (also && holds(also.signature))) return undefined;
  return key === fingerprint(publicKey)
    ? 'does not hold for these bytes'
    : `is of another key than ${fingerprint(publicKey)}`;
}

/** The same file with the signature of another signer before its own, which must hold already. Errors: MANIFEST_CHANGED. */
export function signAnew(bytes: Uint8Array, file: Uint8Array, { before, signer }: Signers): string {
  const flaw = signatureFlaw(bytes, file, before);
  if (flaw !== undefined) throw new OpsError('MANIFEST_CHANGED', `cannot sign anew: its signature ${flaw}`);
  const { key, signature } = signatureFile.parse(parseJson(file));
  return canonical({ ...signatureFile.parse(JSON.parse(signBytes(bytes, signer))), also: { key, signature } });
}

interface Signers {
  /** The public key until now. */
  before: KeyObject;
  signer: KeyObject;
}

/** undefined for what is no JSON: the schema then says so. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

export const sha256Of = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

function ed25519(make: () => KeyObject, what: string): KeyObject {
  try {
    const key = make();
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // The cause is left out: OpenSSL's words would quote what it read.
  }
  throw new OpsError('KEY_WRONG', `cannot use ${what}: it is no Ed25519 key`);
}
