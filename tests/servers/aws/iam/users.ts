import type {
  CreateAccessKeyRequest,
  CreateAccessKeyResponse,
  CreateUserRequest,
  CreateUserResponse,
  DeleteAccessKeyRequest,
  DeleteUserRequest,
  GetUserRequest,
  GetUserResponse,
  ListAccessKeysRequest,
  ListAccessKeysResponse,
  User,
} from '@aws-sdk/client-iam';
import { AwsError } from '../errors.ts';
import { newKeys } from '../identity.ts';
import type { Call, Rules } from '../service.ts';
import { need, newEntity, paged, tagsFrom, tagsOf, type UserRecord, usersOf } from './state.ts';

const shown = (user: UserRecord): User => ({
  ...{
    UserName: user.name,
    UserId: user.id,
    Arn: user.arn,
    Path: user.path,
    CreateDate: new Date(user.madeAt),
    Tags: tagsOf(user),
  },
});

const users = ({ world, account }: Call) => usersOf(world, account);
const userOf = (name: string | undefined, call: Call) => need(users(call), 'user', name);
const keysOf = (user: UserRecord, { world }: Call) => world.keys.filter(({ caller }) => caller.arn === user.arn);

export const userRules: Rules = {
  CreateUser(input: CreateUserRequest, call): CreateUserResponse {
    const entity = newEntity(users(call), 'user', { name: input.UserName, path: input.Path }, call);
    const user: UserRecord = { ...entity, tags: tagsFrom(input.Tags), inline: new Map() };
    users(call).add(user.name, user);
    return { User: shown(user) };
  },

  GetUser({ UserName }: GetUserRequest, call): GetUserResponse {
    if (UserName === undefined) {
      const { arn: Arn, userId: UserId } = call.caller;
      return { User: { Arn, UserId, UserName: Arn.split('/').at(-1), Path: '/', CreateDate: new Date(0) } };
    }
    return { User: shown(userOf(UserName, call)) };
  },

  DeleteUser({ UserName }: DeleteUserRequest, call): object {
    const user = userOf(UserName, call);
    // "You must delete the items attached to the user manually, or the deletion fails": DeleteConflict.
    if (keysOf(user, call).length > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete access keys first.', 409);
    if (user.inline.size > 0)
      throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
    users(call).remove(user.name);
    return {};
  },

  CreateAccessKey({ UserName }: CreateAccessKeyRequest, call): CreateAccessKeyResponse {
    const user = userOf(UserName, call);
    // "Access keys assigned to an IAM user: 2".
    if (keysOf(user, call).length >= 2)
      throw new AwsError('LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2', 409);
    const keys = newKeys({ account: call.account, arn: user.arn, userId: user.id });
    call.world.keys.push(keys);
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = keys;
    return {
      AccessKey: {
        UserName: user.name,
        AccessKeyId,
        SecretAccessKey,
        Status: 'Active',
        CreateDate: new Date(call.world.now()),
      },
    };
  },

  ListAccessKeys({ UserName, ...input }: ListAccessKeysRequest, call): ListAccessKeysResponse {
    const user = userOf(UserName, call);
    const { page, ...more } = paged(keysOf(user, call), input, call);
    return {
      AccessKeyMetadata: page.map(({ accessKeyId: AccessKeyId }) => ({
        UserName: user.name,
        AccessKeyId,
        Status: 'Active',
        CreateDate: new Date(user.madeAt),
      })),
      ...more,
    };
  },

  DeleteAccessKey({ UserName, AccessKeyId }: DeleteAccessKeyRequest, call): object {
    const user = userOf(UserName, call);
    const found = keysOf(user, call).find(({ accessKeyId }) => accessKeyId === AccessKeyId);
    if (!found) throw new AwsError('NoSuchEntity', `The Access Key with id ${AccessKeyId} cannot be found.`, 404);
    call.world.keys.splice(call.world.keys.indexOf(found), 1);
    return {};
  },
};
