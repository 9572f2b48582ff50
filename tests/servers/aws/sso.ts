import type { GetRoleCredentialsRequest, GetRoleCredentialsResponse } from '@aws-sdk/nested-clients/sso';
import { AwsError } from './errors.ts';
import { sessionKeys } from './identity.ts';
import type { Rules } from './service.ts';
import type { World } from './world.ts';

/** What somebody who logged in (`aws sso login`) may take on. */
export interface SsoSession {
  user: string;
  /** Milliseconds of the server's clock. */
  expires: number;
  roles: readonly { account: string; role: string }[];
}

/** By the access token that the command line keeps in ~/.aws/sso/cache. */
export const ssoSessionsOf = (world: World): Map<string, SsoSession> => world.part('sso sessions', () => new Map());

const HOUR = 3_600_000;

/** "AWS IAM Identity Center Portal API Reference". The token is the proof: requests of it carry no signature. */
export const ssoRules: Rules = {
  GetRoleCredentials(input: GetRoleCredentialsRequest, { world }): GetRoleCredentialsResponse {
    const { accessToken = '', accountId = '', roleName = '' } = input;
    const session = ssoSessionsOf(world).get(accessToken);
    // "This can happen due to an invalid access token in the request"; its words: aws/aws-cli#7340.
    if (!session || session.expires <= world.now())
      throw new AwsError('UnauthorizedException', 'Session token not found or invalid', 401);
    // No such exception is documented: observed by others, aws/aws-sam-cli#2129.
    if (!session.roles.some(({ account, role }) => account === accountId && role === roleName))
      throw new AwsError('ForbiddenException', 'No access', 403);
    // "When using IAM Identity Center": AWSReservedSSO_<permission set>_<id>.
    const role = `AWSReservedSSO_${roleName}_0123456789abcdef`;
    const arn = `arn:aws:sts::${accountId}:assumed-role/${role}/${session.user}`;
    const caller = { account: accountId, arn, userId: `AROASSO:${session.user}` };
    const keys = sessionKeys(caller, world.now() + HOUR);
    world.keys.push(keys);
    const { accessKeyId, secretAccessKey, sessionToken, expires: expiration } = keys;
    return { roleCredentials: { accessKeyId, secretAccessKey, sessionToken, expiration } };
  },
};
