import type { AssumeRoleRequest, AssumeRoleResponse, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import { AwsError } from './errors.ts';
import { rolesOf, trustsCaller } from './iam/state.ts';
import { sessionKeys } from './identity.ts';
import type { Rules } from './service.ts';

export const stsRules: Rules = {
  // "No permissions are required to perform this operation."
  GetCallerIdentity(_: object, { caller }): GetCallerIdentityResponse {
    return { Account: caller.account, Arn: caller.arn, UserId: caller.userId };
  },

  AssumeRole(input: AssumeRoleRequest, { world, caller }): AssumeRoleResponse {
    const { RoleArn = '', RoleSessionName = '', DurationSeconds = 3600, ExternalId } = input;
    void [input.Tags, input.Policy];
    const [, account = '', name = ''] = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([\w+=,.@-]+)$/.exec(RoleArn) ?? [];
    if (name === '') throw new AwsError('ValidationError', `${RoleArn} is invalid`);
    // "Length Constraints: Minimum length of 2. Maximum length of 64. Pattern: [\w+=,.@-]*"
    if (!/^[\w+=,.@-]{2,64}$/.test(RoleSessionName))
      throw new AwsError(
        'ValidationError',
        `1 validation error detected: Value '${RoleSessionName}' at 'roleSessionName' failed to satisfy constraint`,
      );
    if (DurationSeconds < 900 || DurationSeconds > 43_200)
      throw new AwsError(
        'ValidationError',
        `1 validation error detected: Value '${DurationSeconds}' at 'durationSeconds' failed to satisfy constraint`,
      );
    const role = rolesOf(world, account).seen(name);
    // A role that is not there, and one that does not trust the caller, are answered alike.
    if (!role || !trustsCaller(role, caller, ExternalId))
      throw new AwsError(
        'AccessDenied',
        `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
        403,
      );
    const arn = `arn:aws:sts::${account}:assumed-role/${name}/${RoleSessionName}`;
    const keys = sessionKeys(
      { account, arn, userId: `${role.id}:${RoleSessionName}` },
      world.now() + DurationSeconds * 1000,
    );
    world.keys.push(keys);
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken } = keys;
    return {
      AssumedRoleUser: { Arn: arn, AssumedRoleId: `${role.id}:${RoleSessionName}` },
      Credentials: { AccessKeyId, SecretAccessKey, SessionToken, Expiration: new Date(keys.expires ?? 0) },
    };
  },
};
