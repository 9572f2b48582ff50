import type {
  AttachRolePolicyRequest,
  CreateRoleRequest,
  DeleteRoleRequest,
  DetachRolePolicyRequest,
  GetRoleRequest,
  ListAttachedRolePoliciesRequest,
  Role,
  UpdateAssumeRolePolicyRequest,
} from '@aws-sdk/client-iam';
import { AwsError } from '../errors.ts';
import { userId } from '../identity.ts';
import { Named } from '../named.ts';
import type { Call, Rules } from '../service.ts';
import type { World } from '../world.ts';

export interface RoleRecord {
  role: Role;
  trust: TrustDocument;
  /** ARNs. */
  policies: Set<string>;
  madeAt: number;
  /** Instance profiles that hold it. */
  profiles: Set<string>;
}

interface TrustDocument {
  Version: string;
  Statement: { Effect: string; Principal: { Service?: string | string[] }; Action: string | string[] }[];
}

/** "AWS managed policies": those that the account has from AWS. */
const MANAGED = new Set(
  [
    'AmazonEKSClusterPolicy',
    'AmazonEKSWorkerNodePolicy',
    'AmazonEC2ContainerRegistryPullOnly',
    'AmazonEC2ContainerRegistryReadOnly',
    'AmazonEKS_CNI_Policy',
    'service-role/AmazonEBSCSIDriverPolicy',
    'AmazonSSMManagedInstanceCore',
    'ReadOnlyAccess',
    'AdministratorAccess',
  ].map(name => `arn:aws:iam::aws:policy/${name}`),
);

export const rolesOf = (world: World, account: string): Named<RoleRecord> =>
  world.part(`iam ${account}`, () => new Named<RoleRecord>(world));

const roles = ({ world, account }: Call) => rolesOf(world, account);

const notFound = (name: string) => new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);

const seen = (name: string | undefined, call: Call): RoleRecord => {
  const found = roles(call).seen(name);
  if (!found) throw notFound(name ?? '');
  return found;
};

/** A principal that trusts a service with these actions, as services ask before they take a role. */
export const trusts = ({ trust }: RoleRecord, service: string, actions: readonly string[]): boolean =>
  actions.every(action =>
    trust.Statement.some(
      statement =>
        statement.Effect === 'Allow' &&
        [statement.Principal.Service].flat().includes(service) &&
        [statement.Action].flat().includes(action),
    ),
  );

function readTrust(text: string): TrustDocument {
  try {
    const document = JSON.parse(text) as TrustDocument;
    const good =
      document.Version === '2012-10-17' &&
      document.Statement.every(({ Effect, Principal, Action }) => Effect && Principal && [Action].flat().length > 0);
    if (good) return document;
  } catch {
    // As if it were no document.
  }
  throw new AwsError('MalformedPolicyDocument', 'This policy contains invalid Json');
}

/** Policies come back URL-encoded, after RFC 3986 (GetRole). */
const encoded = (document: object) => encodeURIComponent(JSON.stringify(document));

export const iamRules: Rules = {
  CreateRole(input: CreateRoleRequest, call): object {
    const { RoleName = '', Path = '/', AssumeRolePolicyDocument = '', Tags = [], Description } = input;
    // "RoleName: Maximum length of 64. Pattern: [\w+=,.@-]+"; "Path: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)".
    if (!/^[\w+=,.@-]{1,64}$/.test(RoleName) || !/^\/([!-~]+\/)?$/.test(Path))
      throw new AwsError('ValidationError', `Value '${RoleName}' or '${Path}' failed to satisfy constraint`);
    if (roles(call).get(RoleName))
      throw new AwsError('EntityAlreadyExists', `Role with name ${RoleName} already exists.`, 409);
    const trust = readTrust(AssumeRolePolicyDocument);
    // "Tag": the characters that keys and values may have.
    for (const { Key = '', Value = '' } of Tags)
      if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(Key) || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(Value))
        throw new AwsError('ValidationError', `Value '${Value}' at 'tags.${Key}' failed to satisfy constraint`);
    const role: Role = {
      ...{ RoleName, Path, RoleId: userId('AROA'), Arn: `arn:aws:iam::${call.account}:role${Path}${RoleName}` },
      ...{ CreateDate: new Date(call.world.now()), MaxSessionDuration: 3600 },
      ...(Tags.length > 0 && { Tags: Tags.map(({ Key, Value }) => ({ Key, Value })) }),
      ...(Description !== undefined && { Description }),
    };
    const madeAt = call.world.now();
    const record = { role, trust, policies: new Set<string>(), profiles: new Set<string>(), madeAt };
    roles(call).add(RoleName, record);
    return { Role: { ...role, AssumeRolePolicyDocument: encoded(trust) } };
  },

  GetRole({ RoleName }: GetRoleRequest, call): object {
    const { role, trust } = seen(RoleName, call);
    return { Role: { ...role, AssumeRolePolicyDocument: encoded(trust) } };
  },

  UpdateAssumeRolePolicy({ RoleName, PolicyDocument = '' }: UpdateAssumeRolePolicyRequest, call): object {
    seen(RoleName, call).trust = readTrust(PolicyDocument);
    return {};
  },

  // "Attaches the specified managed policy": a second time is no error.
  AttachRolePolicy({ RoleName, PolicyArn = '' }: AttachRolePolicyRequest, call): object {
    const { policies } = seen(RoleName, call);
    if (!MANAGED.has(PolicyArn))
      throw new AwsError('NoSuchEntity', `Policy ${PolicyArn} does not exist or is not attachable.`, 404);
    policies.add(PolicyArn);
    return {};
  },

  DetachRolePolicy({ RoleName, PolicyArn = '' }: DetachRolePolicyRequest, call): object {
    if (!seen(RoleName, call).policies.delete(PolicyArn))
      throw new AwsError('NoSuchEntity', `Policy ${PolicyArn} was not found.`, 404);
    return {};
  },

  ListAttachedRolePolicies({ RoleName, Marker }: ListAttachedRolePoliciesRequest, call): object {
    void Marker;
    const { policies } = seen(RoleName, call);
    const AttachedPolicies = [...policies].map(PolicyArn => ({
      ...{ PolicyArn, PolicyName: PolicyArn.slice(PolicyArn.lastIndexOf('/') + 1) },
    }));
    return { AttachedPolicies, IsTruncated: false };
  },

  // DeleteConflict: "you attempted to delete a resource that has attached subordinate entities".
  DeleteRole({ RoleName = '' }: DeleteRoleRequest, call): object {
    const { policies, profiles } = seen(RoleName, call);
    if (policies.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must detach all policies first.', 409);
    if (profiles.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.', 409);
    roles(call).remove(RoleName);
    return {};
  },
};
