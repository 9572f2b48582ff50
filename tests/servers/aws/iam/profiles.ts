import type {
  AddRoleToInstanceProfileRequest,
  CreateInstanceProfileRequest,
  CreateInstanceProfileResponse,
  DeleteInstanceProfileRequest,
  GetInstanceProfileRequest,
  GetInstanceProfileResponse,
  InstanceProfile,
  ListInstanceProfilesForRoleRequest,
  ListInstanceProfilesForRoleResponse,
  ListInstanceProfilesRequest,
  ListInstanceProfilesResponse,
  RemoveRoleFromInstanceProfileRequest,
} from '@aws-sdk/client-iam';
import { AwsError } from '../errors.ts';
import type { Call, Rules } from '../service.ts';
import { shownRole } from './roles.ts';
import { need, newEntity, type ProfileRecord, paged, profilesOf, rolesOf, tagsFrom, tagsOf } from './state.ts';

const shown = (profile: ProfileRecord, { world, account }: Call): InstanceProfile => ({
  ...{ Path: profile.path, InstanceProfileName: profile.name, InstanceProfileId: profile.id, Arn: profile.arn },
  ...{ CreateDate: new Date(profile.madeAt), Tags: tagsOf(profile) },
  Roles: profile.roles.flatMap(name => {
    const role = rolesOf(world, account).get(name);
    return role ? [shownRole(role)] : [];
  }),
});

const profiles = ({ world, account }: Call) => profilesOf(world, account);
const profileOf = (name: string | undefined, call: Call) => need(profiles(call), 'Instance Profile', name);
const roleOf = (name: string | undefined, { world, account }: Call) => need(rolesOf(world, account), 'role', name);

export const profileRules: Rules = {
  CreateInstanceProfile(input: CreateInstanceProfileRequest, call): CreateInstanceProfileResponse {
    const entity = newEntity(
      profiles(call),
      'instance-profile',
      { name: input.InstanceProfileName, path: input.Path },
      call,
    );
    const profile: ProfileRecord = { ...entity, roles: [], tags: tagsFrom(input.Tags) };
    profiles(call).add(profile.name, profile);
    return { InstanceProfile: shown(profile, call) };
  },

  GetInstanceProfile({ InstanceProfileName }: GetInstanceProfileRequest, call): GetInstanceProfileResponse {
    return { InstanceProfile: shown(profileOf(InstanceProfileName, call), call) };
  },

  ListInstanceProfiles(input: ListInstanceProfilesRequest, call): ListInstanceProfilesResponse {
    const found = profiles(call)
      .listed()
      .filter(each => each.path.startsWith(input.PathPrefix ?? '/'));
    const { page, ...more } = paged(found, input, call);
    return { InstanceProfiles: page.map(profile => shown(profile, call)), ...more };
  },

  ListInstanceProfilesForRole(
    { RoleName, ...input }: ListInstanceProfilesForRoleRequest,
    call,
  ): ListInstanceProfilesForRoleResponse {
    const { name } = roleOf(RoleName, call);
    const { page, ...more } = paged(
      profiles(call)
        .listed()
        .filter(({ roles }) => roles.includes(name)),
      input,
      call,
    );
    return { InstanceProfiles: page.map(profile => shown(profile, call)), ...more };
  },

  AddRoleToInstanceProfile({ InstanceProfileName, RoleName }: AddRoleToInstanceProfileRequest, call): object {
    const profile = profileOf(InstanceProfileName, call);
    const role = roleOf(RoleName, call);
    // "An instance profile can contain only one role, and this quota cannot be increased."
    if (profile.roles.length > 0)
      throw new AwsError('LimitExceeded', 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1', 409);
    profile.roles.push(role.name);
    role.profiles.add(profile.name);
    return {};
  },

  RemoveRoleFromInstanceProfile(
    { InstanceProfileName, RoleName = '' }: RemoveRoleFromInstanceProfileRequest,
    call,
  ): object {
    const profile = profileOf(InstanceProfileName, call);
    if (!profile.roles.includes(RoleName))
      throw new AwsError(
        'NoSuchEntity',
        `Role ${RoleName} is not in the instance profile ${InstanceProfileName}.`,
        404,
      );
    profile.roles = profile.roles.filter(name => name !== RoleName);
    rolesOf(call.world, call.account).get(RoleName)?.profiles.delete(profile.name);
    return {};
  },

  DeleteInstanceProfile({ InstanceProfileName }: DeleteInstanceProfileRequest, call): object {
    const profile = profileOf(InstanceProfileName, call);
    // "The instance profile must not have an associated role": DeleteConflict.
    if (profile.roles.length > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must remove roles from instance profile first.', 409);
    profiles(call).remove(profile.name);
    return {};
  },
};
