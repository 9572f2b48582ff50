import type {
  AssumeRoleRequest,
  AssumeRoleResponse,
  AssumeRoleWithWebIdentityRequest,
  AssumeRoleWithWebIdentityResponse,
  GetCallerIdentityResponse,
} from '@aws-sdk/client-sts';
import { AwsError } from './errors.ts';
import { type RoleRecord, rolesOf, trustsCaller, trustsToken, webTokensOf } from './iam/state.ts';
import { sessionKeys } from './identity.ts';
import type { Rules } from './service.ts';
import type { World } from './world.ts';

interface Session {
  RoleArn?: string | undefined;
  RoleSessionName?: string | undefined;
  DurationSeconds?: number | undefined;
}

/** Errors: ValidationError. */
function checkSession({ RoleArn = '', RoleSessionName = '', DurationSeconds = 3600 }: Session) {
  const [, account = '', name = ''] = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([\w+=,.@-]+)$/.exec(RoleArn) ?? [];
  if (name === '') throw new AwsError('ValidationError', `${RoleArn} is invalid`);
  return { account, name, session: RoleSessionName, seconds: DurationSeconds };
}

/** Keys of a session of this role, which work here until they expire. */
function begin(role: RoleRecord, { account, name, session, seconds }: ReturnType<typeof checkSession>, world: World) {
  const arn = `arn:aws:sts::${account}:assumed-role/${name}/${session}`;
  const keys = sessionKeys({ account, arn, userId: `${role.id}:${session}` }, world.now() + seconds * 1000);
  world.keys.push(keys);
  const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken } = keys;
  return {
    AssumedRoleUser: { Arn: arn, AssumedRoleId: `${role.id}:${session}` },
    Credentials: { AccessKeyId, SecretAccessKey, SessionToken, Expiration: new Date(keys.expires ?? 0) },
  };
}

export const stsRules: Rules = {
  // "No permissions are required to perform this operation."
  GetCallerIdentity(_: object, { caller }): GetCallerIdentityResponse {
    return { Account: caller.account, Arn: caller.arn, UserId: caller.userId };
  },

  AssumeRole(input: AssumeRoleRequest, { world, caller }): AssumeRoleResponse {
    void [input.Tags, input.Policy];
    const asked = checkSession(input);
    const { RoleArn, ExternalId } = input;
    const role = rolesOf(world, asked.account).seen(asked.name);
    // A role that is not there, and one that does not trust the caller, are answered alike.
    if (!role || !trustsCaller(role, caller, ExternalId))
      throw new AwsError(
        'AccessDenied',
        `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
        403,
      );
    return begin(role, asked, world);
  },

  // "Calling AssumeRoleWithWebIdentity does not require the use of AWS security credentials": the token is the proof.
  AssumeRoleWithWebIdentity(input: AssumeRoleWithWebIdentityRequest, { world }): AssumeRoleWithWebIdentityResponse {
    void [input.PolicyArns, input.Policy, input.ProviderId];
    const asked = checkSession(input);
    const token = webTokensOf(world).get(input.WebIdentityToken ?? '');
    if (!token) throw new AwsError('InvalidIdentityToken', 'No OpenIDConnect provider found in your account for it');
    if (token.expires <= world.now()) throw new AwsError('ExpiredTokenException', 'Token expired');
    const role = rolesOf(world, asked.account).seen(asked.name);
    if (!role || !trustsToken(role, token))
      throw new AwsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403);
    const { subject, audience, issuer } = token;
    const provider = `arn:aws:iam::${asked.account}:oidc-provider/${issuer}`;
    return {
      ...begin(role, asked, world),
      ...{ SubjectFromWebIdentityToken: subject, Audience: audience, Provider: provider },
    };
  },
};
