/** Backup: sets, their manifests and escrow, what takes and restores each source, and the checks of it all. */
export { eachOf, hashObject, hashObjects } from './artefacts.ts';
export { type Check, type CheckResult, LEVELS, type Level } from './check.ts';
export { SET_CHECKS, type SetAtHand } from './checks/index.ts';
export { KEY_DAMAGES, SET_DAMAGES } from './damages/index.ts';
export { openEscrow } from './escrow/generations.ts';
export { escrowAtHand, lentSecrets } from './escrow/lent.ts';
export { escrowOpenStep, type OpenWant } from './escrow/open.ts';
export { escrowedSecrets } from './escrow/opened.ts';
export { type EscrowAt, escrowOf, keptDirectory, readIdentity } from './escrow/place.ts';
export { listSets, newestComplete, type SetList, type SetRow } from './list.ts';
export { readSet } from './manifest.ts';
export { runChecks } from './run-checks.ts';
export * from './set.ts';
export { type CopyOptions, copySet, type RestorableCopy } from './set-copy.ts';
export { fingerprint, readSigner, signatureFlaw, signBytes } from './sign.ts';
export { publicKeyPath, publicKeyStep, readPublicKey } from './signer.ts';
export type { Damage, Postgres, SealedSet, SetCopy, Source } from './source.ts';
export { type BackupPlace, backupKeySteps, backupSealSteps, rehearsalKeyStep, sealOf } from './steps.ts';
