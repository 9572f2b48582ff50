import { AwsError } from '../errors.ts';
import { type Caller, userId } from '../identity.ts';
import { Named } from '../named.ts';
import type { Call } from '../service.ts';
import type { World } from '../world.ts';

export interface Tagged {
  tags: Map<string, string>;
  /** Milliseconds. */
  madeAt: number;
}

interface Entity extends Tagged {
  name: string;
  id: string;
  arn: string;
  path: string;
}

/** What policies are on: a role or a user. */
export interface Holder extends Entity {
  /** By name. */
  inline: Map<string, string>;
}

export interface RoleRecord extends Holder {
  description: string | undefined;
  trust: string;
  maxSession: number;
  /** ARNs of managed policies. */
  policies: Set<string>;
  /** Instance profiles that hold it; also those that EKS makes for its nodes. */
  profiles: Set<string>;
}

export type UserRecord = Holder;

export interface ProfileRecord extends Entity {
  roles: string[];
}

export interface PolicyRecord extends Entity {
  document: string;
  description: string | undefined;
}

const table =
  <T>(kind: string) =>
  (world: World, account: string): Named<T> =>
    world.part(`iam ${kind} ${account}`, () => new Named<T>(world));
export const rolesOf = table<RoleRecord>('roles');
export const usersOf = table<UserRecord>('users');
export const profilesOf = table<ProfileRecord>('profiles');
export const policiesOf = table<PolicyRecord>('policies');

/** Errors: NoSuchEntity, 404. "Changes that I make are not always immediately visible" (IAM troubleshooting). */
export function need<T>(named: Named<T>, noun: string, name: string | undefined): T {
  const found = named.seen(name);
  if (!found) throw new AwsError('NoSuchEntity', `The ${noun} with name ${name} cannot be found.`, 404);
  return found;
}

type Prefix = Parameters<typeof userId>[0];

/** Errors: ValidationError for a name, EntityAlreadyExists, 409. */
export function newEntity<T>(
  named: Named<T>,
  noun: 'role' | 'user' | 'instance-profile' | 'policy',
  { name = '', path = '/' }: { name: string | undefined; path: string | undefined },
  { account, world }: Call,
) {
  const words = { role: 'Role', user: 'User', 'instance-profile': 'Instance Profile', policy: 'Policy' }[noun];
  const prefix = ({ role: 'AROA', user: 'AIDA', 'instance-profile': 'AIPA', policy: 'ANPA' } as const)[
    noun
  ] satisfies Prefix;
  const longest = noun === 'instance-profile' || noun === 'policy' ? 128 : 64;
  // Names: [\w+=,.@-]+; "Maximum length of 64" for roles and users, 128 for profiles and policies.
  if (!/^[\w+=,.@-]+$/.test(name) || name.length > longest)
    throw new AwsError(
      'ValidationError',
      `The specified value for ${noun}Name is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    );
  if (!/^\/([\x21-\x7e]+\/)?$/.test(path))
    throw new AwsError('ValidationError', 'The specified value for path is invalid.');
  if (named.get(name) !== undefined)
    throw new AwsError('EntityAlreadyExists', `${words} with name ${name} already exists.`, 409);
  const arn = `arn:aws:iam::${account}:${noun}${path}${name}`;
  return { name, path, arn, id: userId(prefix), madeAt: world.now() };
}

export interface IamTag {
  Key?: string | undefined;
  Value?: string | undefined;
}

/** "You can attach a maximum of 50 tags"; keys up to 128 characters, values up to 256. */
export function tagsFrom(tags: IamTag[] | undefined, before: Map<string, string> = new Map()): Map<string, string> {
  const found = new Map([...before, ...(tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value] as const)]);
  for (const [key, value] of found)
    if (key === '' || key.length > 128 || value.length > 256 || /^aws:/i.test(key))
      throw new AwsError('InvalidInput', `the tag ${key} is not allowed`);
  if (found.size > 50) throw new AwsError('LimitExceeded', 'The number of tags has reached the maximum limit.', 409);
  return found;
}

export const tagsOf = ({ tags }: Tagged) => [...tags].map(([Key, Value]) => ({ Key, Value }));

interface Page<T> {
  page: T[];
  IsTruncated: boolean;
  Marker?: string;
}

/** Lists of IAM: Marker and IsTruncated; MaxItems between 1 and 1000. */
export function paged<T>(
  rows: T[],
  { Marker, MaxItems }: { Marker?: string | undefined; MaxItems?: number | undefined },
  call: Call,
): Page<T> {
  if (MaxItems !== undefined && (MaxItems < 1 || MaxItems > 1000))
    throw new AwsError('ValidationError', `Value '${MaxItems}' at 'maxItems' failed to satisfy constraint`);
  const from = Marker === undefined ? 0 : Number(/^page-(\d+)$/.exec(Marker)?.[1] ?? Number.NaN);
  if (Number.isNaN(from)) throw new AwsError('ValidationError', 'Invalid Marker.');
  const to = from + Math.min(MaxItems ?? 100, call.world.pageSize);
  const more = to < rows.length;
  return { page: rows.slice(from, to), IsTruncated: more, ...(more && { Marker: `page-${to}` }) };
}

interface Statement {
  Effect: string;
  Action: string | string[];
  Principal?: '*' | { AWS?: string | string[]; Service?: string | string[]; Federated?: string | string[] };
  Condition?: { StringEquals?: Record<string, string> };
}

const statements = ({ trust }: RoleRecord): Statement[] =>
  [(JSON.parse(trust) as { Statement: Statement | Statement[] }).Statement].flat();
const allows = ({ Effect, Action }: Statement, action: string) =>
  Effect === 'Allow' && [Action].flat().includes(action);

/** A principal that trusts a service with these actions, as services ask before they take a role. */
export const trusts = (role: RoleRecord, service: string, actions: readonly string[]): boolean =>
  actions.every(action =>
    statements(role).some(
      each => each.Principal !== '*' && [each.Principal?.Service].flat().includes(service) && allows(each, action),
    ),
  );

/** May that caller assume the role? Only what a trust policy here can say: principals, and an external id. */
export function trustsCaller(role: RoleRecord, { arn, account }: Caller, externalId: string | undefined): boolean {
  return statements(role).some(each => {
    const wanted = each.Condition?.StringEquals?.['sts:ExternalId'];
    if (!allows(each, 'sts:AssumeRole') || (wanted !== undefined && wanted !== externalId)) return false;
    const who = each.Principal === '*' ? ['*'] : [each.Principal?.AWS ?? []].flat();
    return who.some(name => ['*', `arn:aws:iam::${account}:root`, account, arn].includes(name));
  });
}

/** May whoever has such a token take on the role? Of conditions: StringEquals on its audience and its subject. */
export function trustsToken(role: RoleRecord, { issuer, subject, audience }: Omit<WebToken, 'expires'>): boolean {
  const claims: Record<string, string> = { [`${issuer}:aud`]: audience, [`${issuer}:sub`]: subject };
  return statements(role).some(each => {
    if (!allows(each, 'sts:AssumeRoleWithWebIdentity') || each.Principal === '*') return false;
    const provider = [each.Principal?.Federated ?? []].flat().some(arn => arn.endsWith(`:oidc-provider/${issuer}`));
    const wanted = Object.entries(each.Condition?.StringEquals ?? {});
    return provider && wanted.every(([key, value]) => claims[key] === value);
  });
}

/** What an OIDC provider says of whoever it gave a token to. */
export interface WebToken {
  /** Without https://. */
  issuer: string;
  subject: string;
  audience: string;
  /** Milliseconds of the server's clock. */
  expires: number;
}

/** Tokens by their text; a provider that signs is not played, what it gave out is known. */
export const webTokensOf = (world: World): Map<string, WebToken> => world.part('web tokens', () => new Map());
