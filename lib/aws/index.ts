/** AWS: one gate to its API, for the account and region that an inventory names. S3's objects are lib/store's. */

export { ACTIONS, type Action, GRANTED } from './actions.ts';
export { type Aws, type AwsEnv, type AwsWant, type Caller, connectAws } from './connect.ts';
export { awsFailure, isAws, isThrottled } from './failure.ts';
export { dnsSuffix, ec2Principal, isEndpoint, partition, partitionOf } from './partition.ts';
export { type Bound, policyFor } from './policy.ts';
export type { Command, Sdk, Service } from './services.ts';
export type { Policy } from './statement.ts';
