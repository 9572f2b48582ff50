import type { Aws } from '../../aws/index.ts';
import type { AnyStep, Change, Ctx, Decision } from '../../engine/index.ts';
import { TAG } from '../../host/ec2/tags.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { mustBeAdmin } from './caller.ts';
import { observeCluster } from './observe.ts';
import { foreign, unlessAbsent, unlessDone, until } from './patience.ts';
import { ROLE_PATH, type RoleWant, rolesWanted } from './role.ts';
import { changes, type Eks, known, tagsFor } from './site.ts';
import { eksStep } from './step.ts';

export interface RoleSeen {
  name: string;
  /** Of somebody else, or of another site. */
  foreign: boolean;
  /** As compared while observing. */
  trust: 'same' | 'different';
  /** ARNs, sorted. */
  policies: readonly string[];
}

/** By name; a role that is not there is absent. */
export type RolesFacts = readonly RoleSeen[];

/** eks.roles: who the control plane, the nodes and two add-ons are in the account. */
export function rolesStep(eks: Eks): AnyStep {
  const wanted = rolesWanted(eks.site, eks.cloud.region);
  return eksStep<readonly RoleWant[], RolesFacts>(eks, {
    id: 'eks.roles',
    title: 'Make the roles of the control plane, the nodes and their add-ons',
    want: wanted,
    needs: [],
    deadline: minutes(5),
    nothing: [],
    async observe(_, removing) {
      // Before anything is made: who may not enter the cluster cannot finish it.
      if (!removing) mustBeAdmin(await eks.aws.ours('look at the roles of EKS'), eks.want.admins);
      const found = (await Promise.all(wanted.map(role => observeRole(eks, role)))).flatMap(seen => seen ?? []);
      const other = found.find(({ foreign }) => foreign);
      if (other && !removing) throw foreign(`role ${other.name}`);
      // A cluster of another hand, Terraform's say, is not taken over: known before the first role is made.
      if (!removing && found.length < wanted.length) await observeCluster(eks, false);
      return found;
    },
    decide: (want, facts) => decideRoles(want, facts, wanted),
    harmless: true,
    act: (change, ctx) => act(eks, wanted, change, ctx),
  });
}

export async function observeRole(
  { aws, site }: { aws: Aws; site: Pick<Site, 'name'> },
  { name, trust }: RoleWant,
): Promise<RoleSeen | undefined> {
  const [found, attached] = await Promise.all([
    unlessAbsent(aws.call('iam', `look at the role ${name}`, sdk => new sdk.GetRoleCommand({ RoleName: name }))),
    unlessAbsent(
      aws.call(
        'iam',
        `list the policies of the role ${name}`,
        sdk => new sdk.ListAttachedRolePoliciesCommand({ RoleName: name }),
      ),
    ),
  ]);
  if (!found?.Role) return undefined;
  const { Tags = [], AssumeRolePolicyDocument = '' } = found.Role;
  return {
    name,
    foreign: !Tags.some(({ Key, Value }) => Key === TAG.site && Value === site.name),
    trust: sameDocument(AssumeRolePolicyDocument, trust) ? 'same' : 'different',
    policies: (attached?.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []).sort(),
  };
}

/** IAM gives documents back URL-encoded, with lists in its own order. */
function sameDocument(encoded: string, wanted: object): boolean {
  try {
    return canonical(JSON.parse(decodeURIComponent(encoded))) === canonical(wanted);
  } catch {
    return false;
  }
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part) => {
    if (Array.isArray(part)) return part.every(item => typeof item === 'string') ? [...part].sort() : part;
    if (part === null || typeof part !== 'object') return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });

const short = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1);
const roleWhat = (name: string) => `role ${name}`;
const policyWhat = (arn: string, name: string) => `policy ${short(arn)} of role ${name}`;
const trustWhat = (name: string) => `trust of role ${name}`;

/** `names`: all roles that a site may have, for a removal. */
export function decideRoles(
  want: readonly RoleWant[] | undefined,
  facts: RolesFacts,
  names: readonly Pick<RoleWant, 'name'>[],
): Decision {
  if (want === undefined) {
    const ours = facts.filter(({ name, foreign }) => !foreign && names.some(role => role.name === name));
    return changes(
      ours.map(({ name }) => known({ action: 'delete', what: roleWhat(name) })),
      'no roles of ours',
    );
  }
  const list = want.flatMap(({ name, policies }): Change[] => {
    const seen = facts.find(role => role.name === name);
    const attach = policies
      .filter(arn => !seen?.policies.includes(arn))
      .map(arn => known({ action: 'create', what: policyWhat(arn, name) }));
    if (!seen) return [known({ action: 'create', what: roleWhat(name) }), ...attach];
    const detach = seen.policies
      .filter(arn => !policies.includes(arn))
      .map(arn => known({ action: 'delete', what: policyWhat(arn, name) }));
    const trust =
      seen.trust === 'same'
        ? []
        : [known({ action: 'update', what: trustWhat(name), from: 'another', to: 'as EKS needs it' })];
    return [...trust, ...attach, ...detach];
  });
  return changes(list, want.map(({ part }) => part).join(', '));
}

async function act(eks: Eks, wanted: readonly RoleWant[], change: Change, ctx: Ctx): Promise<void> {
  const { aws } = eks;
  for (const role of wanted) {
    const { name } = role;
    if (change.what === roleWhat(name))
      return change.action === 'delete' ? remove(eks, name, ctx) : create(eks, role, ctx);
    if (change.what === trustWhat(name)) {
      const PolicyDocument = JSON.stringify(role.trust);
      const make = { RoleName: name, PolicyDocument };
      await aws.call('iam', `set ${change.what}`, sdk => new sdk.UpdateAssumeRolePolicyCommand(make), { again: true });
      return seen(eks, role, ctx, change.what, found => found?.trust === 'same');
    }
    const arns = change.action === 'create' ? role.policies : ((await observeRole(eks, role))?.policies ?? []);
    const PolicyArn = arns.find(arn => policyWhat(arn, name) === change.what);
    if (PolicyArn !== undefined) return policy(eks, role, PolicyArn, change, ctx);
  }
}

async function create(eks: Eks, role: RoleWant, ctx: Ctx): Promise<void> {
  const { name: RoleName, part, trust } = role;
  const tags = Object.entries(tagsFor(eks, ctx, `eks/${part}`)).map(([Key, Value]) => ({ Key, Value }));
  const make = { RoleName, Path: ROLE_PATH, AssumeRolePolicyDocument: JSON.stringify(trust), Tags: tags };
  // A second one is refused by its name: what a lost answer left is found, and its tags are looked at again.
  const made = eks.aws.call('iam', `make the role ${RoleName}`, sdk => new sdk.CreateRoleCommand(make), {
    again: true,
  });
  await unlessDone(made, 'EntityAlreadyExists', 'EntityAlreadyExistsException');
  await seen(eks, role, ctx, roleWhat(RoleName), found => found !== undefined);
}

async function policy(eks: Eks, role: RoleWant, PolicyArn: string, change: Change, ctx: Ctx): Promise<void> {
  const { aws } = eks;
  const of = { RoleName: role.name, PolicyArn };
  if (change.action === 'create') {
    await aws.call('iam', `attach ${change.what}`, sdk => new sdk.AttachRolePolicyCommand(of), { again: true });
    return seen(eks, role, ctx, change.what, found => found?.policies.includes(PolicyArn) === true);
  }
  await unlessAbsent(
    aws.call('iam', `detach ${change.what}`, sdk => new sdk.DetachRolePolicyCommand(of), { again: true }),
  );
  await seen(eks, role, ctx, `${change.what} gone`, found => found?.policies.includes(PolicyArn) === false);
}

/** A role goes when nothing hangs on it. */
async function remove(eks: Eks, name: string, ctx: Ctx): Promise<void> {
  const { aws } = eks;
  const wanted = { part: 'node', name, trust: {}, policies: [] } as const;
  const found = await observeRole(eks, wanted);
  for (const PolicyArn of found?.policies ?? [])
    await unlessAbsent(
      aws.call(
        'iam',
        `detach ${short(PolicyArn)} from the role ${name}`,
        sdk => new sdk.DetachRolePolicyCommand({ RoleName: name, PolicyArn }),
        { again: true },
      ),
    );
  await until(
    ctx,
    `role ${name} gone`,
    minutes(3),
    async () => {
      if (!(await observeRole(eks, wanted))) return { value: true };
      // What EKS made of it, an instance profile, goes a moment after its node group.
      const gone = aws.call('iam', `remove the role ${name}`, sdk => new sdk.DeleteRoleCommand({ RoleName: name }), {
        again: true,
      });
      await unlessDone(unlessAbsent(gone), 'DeleteConflict', 'DeleteConflictException');
      return { saw: 'still there' };
    },
    1000,
  );
}

/** IAM's answers come from copies that lag behind. */
const seen = async (
  eks: Eks,
  role: RoleWant,
  ctx: Ctx,
  what: string,
  is: (found: RoleSeen | undefined) => boolean,
): Promise<void> => {
  const look = async () => (is(await observeRole(eks, role)) ? { value: true } : { saw: 'not seen yet' });
  await until(ctx, `${what} in IAM`, minutes(1), look, 1000);
};
