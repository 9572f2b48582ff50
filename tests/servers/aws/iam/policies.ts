import type {
  AttachRolePolicyRequest,
  CreatePolicyRequest,
  CreatePolicyResponse,
  DeletePolicyRequest,
  DeleteRolePolicyRequest,
  DeleteUserPolicyRequest,
  DetachRolePolicyRequest,
  GetPolicyRequest,
  GetPolicyResponse,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
  GetRolePolicyRequest,
  GetRolePolicyResponse,
  GetUserPolicyRequest,
  GetUserPolicyResponse,
  ListAttachedRolePoliciesRequest,
  ListAttachedRolePoliciesResponse,
  ListPoliciesRequest,
  ListPoliciesResponse,
  ListRolePoliciesRequest,
  ListRolePoliciesResponse,
  ListUserPoliciesRequest,
  ListUserPoliciesResponse,
  Policy,
  PutRolePolicyRequest,
  PutUserPolicyRequest,
} from '@aws-sdk/client-iam';
import { AwsError } from '../errors.ts';
import type { Call, Rules } from '../service.ts';
import { checkDocument, encoded, isManaged } from './documents.ts';
import {
  type Holder,
  need,
  newEntity,
  type PolicyRecord,
  paged,
  policiesOf,
  type RoleRecord,
  rolesOf,
  tagsFrom,
  tagsOf,
  usersOf,
} from './state.ts';

const roleOf = (name: string | undefined, { world, account }: Call): RoleRecord =>
  need(rolesOf(world, account), 'role', name);
const userOf = (name: string | undefined, { world, account }: Call): Holder =>
  need(usersOf(world, account), 'user', name);
const policies = ({ world, account }: Call) => policiesOf(world, account);

function put(holder: Holder, name = '', document: string | undefined): object {
  if (!/^[\w+=,.@-]{1,128}$/.test(name))
    throw new AwsError('ValidationError', 'The specified value for policyName is invalid.');
  holder.inline.set(name, checkDocument(document, 'permissions'));
  // "The aggregate policy size of a role can't exceed 10,240 characters", white space not counted.
  const size = [...holder.inline.values()].join('').replace(/\s/g, '').length;
  if (size > 10_240)
    throw new AwsError('LimitExceeded', `Maximum policy size of 10240 bytes exceeded for ${holder.name}`, 409);
  return {};
}

function inline(holder: Holder, name = ''): string {
  const found = holder.inline.get(name);
  if (found === undefined) throw new AwsError('NoSuchEntity', `The policy with name ${name} cannot be found.`, 404);
  return found;
}

function remove(holder: Holder, name = ''): object {
  inline(holder, name);
  holder.inline.delete(name);
  return {};
}

export const inlinePolicyRules: Rules = {
  PutRolePolicy: ({ RoleName, PolicyName, PolicyDocument }: PutRolePolicyRequest, call) =>
    put(roleOf(RoleName, call), PolicyName, PolicyDocument),
  PutUserPolicy: ({ UserName, PolicyName, PolicyDocument }: PutUserPolicyRequest, call) =>
    put(userOf(UserName, call), PolicyName, PolicyDocument),
  GetRolePolicy: ({ RoleName, PolicyName }: GetRolePolicyRequest, call): GetRolePolicyResponse => ({
    ...{ RoleName, PolicyName, PolicyDocument: encoded(inline(roleOf(RoleName, call), PolicyName)) },
  }),
  GetUserPolicy: ({ UserName, PolicyName }: GetUserPolicyRequest, call): GetUserPolicyResponse => ({
    ...{ UserName, PolicyName, PolicyDocument: encoded(inline(userOf(UserName, call), PolicyName)) },
  }),
  DeleteRolePolicy: ({ RoleName, PolicyName }: DeleteRolePolicyRequest, call) =>
    remove(roleOf(RoleName, call), PolicyName),
  DeleteUserPolicy: ({ UserName, PolicyName }: DeleteUserPolicyRequest, call) =>
    remove(userOf(UserName, call), PolicyName),
  ListRolePolicies({ RoleName, ...input }: ListRolePoliciesRequest, call): ListRolePoliciesResponse {
    const { page, ...more } = paged([...roleOf(RoleName, call).inline.keys()], input, call);
    return { PolicyNames: page, ...more };
  },
  ListUserPolicies({ UserName, ...input }: ListUserPoliciesRequest, call): ListUserPoliciesResponse {
    const { page, ...more } = paged([...userOf(UserName, call).inline.keys()], input, call);
    return { PolicyNames: page, ...more };
  },
};

const attachments = (arn: string, { world, account }: Call) =>
  rolesOf(world, account)
    .all()
    .filter(role => role.policies.has(arn));

const shown = (policy: PolicyRecord, call: Call): Policy => ({
  ...{ PolicyName: policy.name, PolicyId: policy.id, Arn: policy.arn, Path: policy.path, DefaultVersionId: 'v1' },
  ...{ AttachmentCount: attachments(policy.arn, call).length, IsAttachable: true, CreateDate: new Date(policy.madeAt) },
  ...{ UpdateDate: new Date(policy.madeAt), Tags: tagsOf(policy), Description: policy.description },
});

function policyOf(arn: string | undefined, call: Call): PolicyRecord {
  const found = policies(call)
    .listed()
    .find(each => each.arn === arn);
  if (!found) throw new AwsError('NoSuchEntity', `Policy ${arn} was not found.`, 404);
  return found;
}

export const managedPolicyRules: Rules = {
  CreatePolicy(input: CreatePolicyRequest, call): CreatePolicyResponse {
    const document = checkDocument(input.PolicyDocument, 'permissions');
    // "The maximum size of a managed policy: 6,144 characters", white space not counted.
    if (document.replace(/\s/g, '').length > 6144)
      throw new AwsError('LimitExceeded', 'Cannot exceed quota for PolicySize: 6144', 409);
    const policy: PolicyRecord = {
      ...newEntity(policies(call), 'policy', { name: input.PolicyName, path: input.Path }, call),
      ...{ document, description: input.Description, tags: tagsFrom(input.Tags) },
    };
    policies(call).add(policy.name, policy);
    return { Policy: shown(policy, call) };
  },

  GetPolicy({ PolicyArn }: GetPolicyRequest, call): GetPolicyResponse {
    return { Policy: shown(policyOf(PolicyArn, call), call) };
  },

  GetPolicyVersion({ PolicyArn, VersionId }: GetPolicyVersionRequest, call): GetPolicyVersionResponse {
    const { document, madeAt } = policyOf(PolicyArn, call);
    if (VersionId !== 'v1')
      throw new AwsError('NoSuchEntity', `Policy ${PolicyArn} version ${VersionId} does not exist.`, 404);
    return {
      PolicyVersion: { VersionId, Document: encoded(document), IsDefaultVersion: true, CreateDate: new Date(madeAt) },
    };
  },

  ListPolicies({ Scope = 'All', ...input }: ListPoliciesRequest, call): ListPoliciesResponse {
    if (Scope !== 'Local')
      throw new AwsError('ValidationError', "the stand-in lists the account's own policies only: Scope Local");
    const { page, ...more } = paged(policies(call).listed(), input, call);
    return { Policies: page.map(policy => shown(policy, call)), ...more };
  },

  DeletePolicy({ PolicyArn }: DeletePolicyRequest, call): object {
    const policy = policyOf(PolicyArn, call);
    // "You must detach the policy from all users, groups, and roles": DeleteConflict.
    if (attachments(policy.arn, call).length > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete a policy attached to entities.', 409);
    policies(call).remove(policy.name);
    return {};
  },

  AttachRolePolicy({ RoleName, PolicyArn = '' }: AttachRolePolicyRequest, call): object {
    const role = roleOf(RoleName, call);
    if (
      !isManaged(PolicyArn) &&
      !policies(call)
        .listed()
        .some(({ arn }) => arn === PolicyArn)
    )
      throw new AwsError('NoSuchEntity', `Policy ${PolicyArn} does not exist or is not attachable.`, 404);
    role.policies.add(PolicyArn);
    // "Managed policies attached to a role: 10".
    if (role.policies.size > 10)
      throw new AwsError('LimitExceeded', 'Cannot exceed quota for PoliciesPerRole: 10', 409);
    return {};
  },

  DetachRolePolicy({ RoleName, PolicyArn = '' }: DetachRolePolicyRequest, call): object {
    if (!roleOf(RoleName, call).policies.delete(PolicyArn))
      throw new AwsError('NoSuchEntity', `Policy ${PolicyArn} was not found.`, 404);
    return {};
  },

  ListAttachedRolePolicies(
    { RoleName, ...input }: ListAttachedRolePoliciesRequest,
    call,
  ): ListAttachedRolePoliciesResponse {
    const { page, ...more } = paged([...roleOf(RoleName, call).policies], input, call);
    return {
      AttachedPolicies: page.map(PolicyArn => ({ PolicyArn, PolicyName: PolicyArn.split('/').at(-1) })),
      ...more,
    };
  },
};
