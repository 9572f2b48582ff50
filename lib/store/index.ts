/** Store: S3 buckets and their hardening, objects, and where the lab's own store is. Every S3 call goes through here. */
export {
  type AccessDeps,
  bucketName,
  forgetKeys,
  forgetStore,
  generateKeys,
  hasRoles,
  type Keys,
  putKeys,
  type Role,
  readKeys,
  type StoreAccess,
  secretNames,
  storeAccess,
} from './access.ts';
export { ATTEMPTS, type Attempt, BESIDE_SETS } from './attempts.ts';
export { type Bucket, MUST_HOLD, makeBucket, openBucket, refuseUnsafe, type Setting, settingText } from './bucket.ts';
export type { BucketWant } from './bucket-settings.ts';
export { openStore } from './client.ts';
export type { StoreEnv } from './connection.ts';
export { proveDenials, type Roles } from './denials.ts';
export { type Erased, tryToErase } from './erase.ts';
export { HEALTH_PATH, healthProblem } from './health.ts';
export { type LeaseSpec, storeLease } from './lease.ts';
export { letsIn } from './lets-in.ts';
export {
  keptStorePorts,
  type Listening,
  listening,
  putListening,
  type StoreFiles,
  storeFiles,
  storeSecrets,
} from './local.ts';
export { type BucketPolicy, bucketPolicy, type Users } from './policy.ts';
export { replicaOf, replicatedBy } from './replica.ts';
export { ROLES_OF_AWS, rolePolicies } from './roles.ts';
export { sharedOf } from './shared-state.ts';
