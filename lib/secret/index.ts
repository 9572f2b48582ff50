/** Secrets: the type that never prints, the store, sources, masking, and the keys and certificates muster makes. */
export { type CertificateFacts, inspect } from './certificate.ts';
export { FileSecretStore } from './file-store.ts';
export { Masker } from './masker.ts';
export { createAuthority, issueServer, type KeyedCertificate, type ServerWant } from './pki.ts';
export { resolveReference } from './reference.ts';
export {
  beginRotation,
  endRotation,
  freshOf,
  generateFresh,
  isOfRotation,
  keepOld,
  oldOf,
  promote,
  putFresh,
  type Rotation,
  rotationEnded,
  rotationUnderWay,
} from './rotation.ts';
export { Secret } from './secret.ts';
export type { ReferenceDeps } from './sources/deps.ts';
export { filePlace } from './sources/file.ts';
export { createSshKeyPair, type SshKeyPair } from './ssh-key.ts';
export type { SecretStore, Shape } from './store.ts';
