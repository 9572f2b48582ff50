import type {
  CreateRoleRequest,
  CreateRoleResponse,
  DeleteRoleRequest,
  GetRoleRequest,
  GetRoleResponse,
  ListRolesRequest,
  ListRolesResponse,
  ListRoleTagsRequest,
  ListRoleTagsResponse,
  Role,
  TagRoleRequest,
  UntagRoleRequest,
  UpdateAssumeRolePolicyRequest,
} from '@aws-sdk/client-iam';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { checkDocument, encoded } from './documents.ts';
import { need, newEntity, paged, type RoleRecord, rolesOf, tagsFrom, tagsOf } from './state.ts';

/** Lists leave tags, description and the like out ("ListRoles does not return tags"). */
export const shownRole = (role: RoleRecord, whole = true): Role => ({
  ...{ Path: role.path, RoleName: role.name, RoleId: role.id, Arn: role.arn, CreateDate: new Date(role.madeAt) },
  ...{
    AssumeRolePolicyDocument: encoded(role.trust),
    Description: role.description,
    MaxSessionDuration: role.maxSession,
  },
  ...(whole && role.tags.size > 0 && { Tags: tagsOf(role) }),
});

export const roleRules: Rules = {
  CreateRole(input: CreateRoleRequest, call): CreateRoleResponse {
    const roles = rolesOf(call.world, call.account);
    const { Description, MaxSessionDuration = 3600 } = input;
    const trust = checkDocument(input.AssumeRolePolicyDocument, 'trust');
    // "This setting can have a value from 1 hour to 12 hours."
    if (MaxSessionDuration < 3600 || MaxSessionDuration > 43_200)
      throw new AwsError(
        'ValidationError',
        `Value '${MaxSessionDuration}' at 'maxSessionDuration' failed to satisfy constraint`,
      );
    const role: RoleRecord = {
      ...newEntity(roles, 'role', { name: input.RoleName, path: input.Path }, call),
      ...{ description: Description, trust, maxSession: MaxSessionDuration, tags: tagsFrom(input.Tags) },
      ...{ inline: new Map(), policies: new Set(), profiles: new Set() },
    };
    roles.add(role.name, role);
    return { Role: shownRole(role) };
  },

  GetRole({ RoleName }: GetRoleRequest, call): GetRoleResponse {
    const roles = rolesOf(call.world, call.account);
    return { Role: shownRole(need(roles, 'role', RoleName)) };
  },

  ListRoles(input: ListRolesRequest, call): ListRolesResponse {
    const roles = rolesOf(call.world, call.account);
    const found = roles.listed().filter(role => role.path.startsWith(input.PathPrefix ?? '/'));
    const { page, ...more } = paged(found, input, call);
    return { Roles: page.map(role => shownRole(role, false)), ...more };
  },

  UpdateAssumeRolePolicy({ RoleName, PolicyDocument }: UpdateAssumeRolePolicyRequest, call): object {
    const roles = rolesOf(call.world, call.account);
    need(roles, 'role', RoleName).trust = checkDocument(PolicyDocument, 'trust');
    return {};
  },

  TagRole({ RoleName, Tags }: TagRoleRequest, call): object {
    const roles = rolesOf(call.world, call.account);
    const role = need(roles, 'role', RoleName);
    role.tags = tagsFrom(Tags, role.tags);
    return {};
  },

  UntagRole({ RoleName, TagKeys = [] }: UntagRoleRequest, call): object {
    const roles = rolesOf(call.world, call.account);
    const role = need(roles, 'role', RoleName);
    for (const key of TagKeys) role.tags.delete(key);
    return {};
  },

  ListRoleTags({ RoleName, ...input }: ListRoleTagsRequest, call): ListRoleTagsResponse {
    const roles = rolesOf(call.world, call.account);
    const { page, ...more } = paged(tagsOf(need(roles, 'role', RoleName)), input, call);
    return { Tags: page, ...more };
  },

  DeleteRole({ RoleName }: DeleteRoleRequest, call): object {
    const roles = rolesOf(call.world, call.account);
    const role = need(roles, 'role', RoleName);
    // DeleteConflict: "you must first delete the policies / detach / remove roles from instance profiles".
    if (role.inline.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
    if (role.policies.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must detach all policies first.', 409);
    if (role.profiles.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.', 409);
    roles.remove(role.name);
    return {};
  },
};
