import type { IpPermission, SecurityGroup } from '@aws-sdk/client-ec2';
import type { Change, Ctx, Decision } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import type { Fence } from '../fence.ts';
import { createOnce, patiently, removeWhole, unlessDone, until } from './patience.ts';
import { after, ask, type Cloud, changes, cloudStep, done, repeat, tagged, twice } from './step.ts';
import { roleOf } from './tags.ts';
import { vpcId } from './vpc.ts';

export const FIREWALL = 'firewall';
const GROUP = 'security group';
const RULES = 'rules of the security group';
/** Node ports are Kubernetes's from 30000 on; the application's is one of them. */
export const NODE_PORT = 30443;

/** One rule as text: 'in tcp 22 203.0.113.7/32', 'out all 0.0.0.0/0', 'in all self'. */
export type Rule = string;

interface FirewallWant {
  rules: Rule[];
}

export interface FirewallFacts {
  groups: { id: string; rules: Rule[] }[];
}

/** SSH, the Kubernetes API and node ports from where the inventory says; the world reaches 80 and 443, and never a rehearsal. */
export function wantedRules(access: readonly string[], fence?: Fence): Rule[] {
  const near = access.flatMap(from => [22, 6443, NODE_PORT].map(port => `in tcp ${port} ${from}`));
  const far = fence ? [] : [80, 443].map(port => `in tcp ${port} 0.0.0.0/0`);
  const out = fence ? ['out all self', `out tcp ${fence.store.port} ${fence.store.address}/32`] : ['out all 0.0.0.0/0'];
  return [...near, ...far, 'in all self', ...out].sort();
}

/** ec2.firewall: one security group for the machines, with these rules and no other. */
export const firewallStep = (cloud: Cloud) =>
  cloudStep<FirewallWant, FirewallFacts>(cloud, {
    id: 'ec2.firewall',
    title: `Let in SSH and the API from ${cloud.want.access.join(', ')}${cloud.fence ? '; nothing out but to the store' : ''}`,
    want: { rules: wantedRules(cloud.want.access, cloud.fence) },
    // A network that was brought is there already.
    needs: cloud.want.network.vpc === undefined ? after('ec2.vpc') : [],
    deadline: minutes(15),
    nothing: { groups: [] },
    observe: async () => ({
      groups: (await machineGroups(cloud, 'see')).map(group => ({
        id: group.GroupId ?? '',
        rules: allRules(group),
      })),
    }),
    decide: decideFirewall,
    changes: ['groups'],
    apply: (change, ctx) => apply(cloud, change, ctx),
  });

export const machineGroups = async ({ view }: Cloud, how: 'see' | 'look') =>
  (await view[how]('groups')).filter(group => roleOf(group) === FIREWALL);

/** '' while there is none. */
export const groupId = async (cloud: Cloud): Promise<string> => (await machineGroups(cloud, 'see'))[0]?.GroupId ?? '';

const allRules = ({ GroupId, IpPermissions = [], IpPermissionsEgress = [] }: SecurityGroup): Rule[] =>
  [...rulesOf('in', IpPermissions, GroupId), ...rulesOf('out', IpPermissionsEgress, GroupId)].sort();

function rulesOf(way: 'in' | 'out', permissions: readonly IpPermission[], own: string | undefined): Rule[] {
  return permissions.flatMap(({ IpProtocol, FromPort, ToPort, ...from }) => {
    const ports = FromPort === ToPort ? `${FromPort}` : `${FromPort}-${ToPort}`;
    const what = IpProtocol === '-1' ? 'all' : `${IpProtocol} ${ports}`;
    const whom = [
      ...(from.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
      ...(from.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
      ...(from.PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
      ...(from.UserIdGroupPairs ?? []).map(({ GroupId }) => (GroupId === own ? 'self' : GroupId)),
    ];
    return whom.map(each => `${way} ${what} ${each}`);
  });
}

/** The other way round. */
export function permissionOf(rule: Rule, own: string): IpPermission {
  const [, protocol = '', ...rest] = rule.split(' ');
  const whom = rest.at(-1) ?? '';
  // ICMP has -1 for every code.
  const [, from = '-1', to = from] = /^(-?\d+)(?:-(-?\d+))?$/.exec(rest[0] ?? '') ?? [];
  const ports = rest.length > 1 ? { FromPort: Number(from), ToPort: Number(to) } : {};
  const range =
    whom === 'self' || whom.startsWith('sg-')
      ? { UserIdGroupPairs: [{ GroupId: whom === 'self' ? own : whom }] }
      : whom.startsWith('pl-')
        ? { PrefixListIds: [{ PrefixListId: whom }] }
        : whom.includes(':')
          ? { Ipv6Ranges: [{ CidrIpv6: whom }] }
          : { IpRanges: [{ CidrIp: whom }] };
  return { IpProtocol: protocol === 'all' ? '-1' : protocol, ...ports, ...range };
}

const missing = (from: readonly Rule[], to: readonly Rule[]) => to.filter(rule => !from.includes(rule));
const list = (rules: readonly Rule[]) => rules.join(', ') || 'nothing';

export function decideFirewall(want: FirewallWant | undefined, { groups }: FirewallFacts): Decision {
  const [group] = groups;
  if (want === undefined)
    return group
      ? changes(...groups.map(({ id }) => ({ action: 'delete', what: `${GROUP} ${id}` }) as const))
      : done('there is none');
  if (groups.length > 1)
    return twice(
      'its security group',
      groups.map(({ id }) => id),
    );
  const [wrong, open] = [missing(want.rules, group?.rules ?? []), missing(group?.rules ?? [], want.rules)];
  const rules = { action: 'update', what: RULES, from: list(wrong), to: list(open) } as const;
  if (!group) return changes({ action: 'create', what: GROUP }, rules);
  return wrong.length + open.length > 0 ? changes(rules) : done(`${group.id} lets in what it should`);
}

async function apply(cloud: Cloud, change: Change, ctx: Ctx): Promise<unknown> {
  if (change.action === 'delete') return remove(cloud, change.what.replace(`${GROUP} `, ''), ctx);
  if (change.what === RULES) return correct(cloud, ctx);
  const request = {
    GroupName: `muster-${cloud.site.name}`,
    Description: `Machines of the site ${cloud.site.name} of muster`,
    VpcId: await vpcId(cloud),
    ...tagged(cloud, ctx, FIREWALL, 'security-group'),
  };
  const make = () => ask(cloud, 'make a security group', sdk => new sdk.CreateSecurityGroupCommand(request));
  const find = async () => (await machineGroups(cloud, 'look'))[0];
  return createOnce({ change, find, create: () => patiently(GROUP, make, ctx) }, ctx);
}

/** What is too much goes before what lacks comes: a hole is not open for longer than it must be. */
async function correct(cloud: Cloud, ctx: Ctx): Promise<void> {
  const [group] = await machineGroups(cloud, 'look');
  const GroupId = group?.GroupId ?? '';
  const there = group ? allRules(group) : [];
  const wanted = wantedRules(cloud.want.access, cloud.fence);
  const of = (rules: readonly Rule[], way: string) => ({
    GroupId,
    IpPermissions: rules.filter(rule => rule.startsWith(way)).map(rule => permissionOf(rule, GroupId)),
  });
  const [wrong, open] = [missing(wanted, there), missing(there, wanted)];
  const call = (what: string, make: Parameters<typeof repeat>[2], rules: { IpPermissions: unknown[] }) =>
    rules.IpPermissions.length === 0
      ? undefined
      : patiently(
          `${what} of ${GroupId}`,
          () => unlessDone(repeat(cloud, `${what} of ${GroupId}`, make), 'InvalidPermission.Duplicate'),
          ctx,
        );
  const [badIn, badOut, newIn, newOut] = [of(wrong, 'in'), of(wrong, 'out'), of(open, 'in'), of(open, 'out')];
  await call('close a way in', sdk => new sdk.RevokeSecurityGroupIngressCommand(badIn), badIn);
  await call('close a way out', sdk => new sdk.RevokeSecurityGroupEgressCommand(badOut), badOut);
  await call('open a way in', sdk => new sdk.AuthorizeSecurityGroupIngressCommand(newIn), newIn);
  await call('open a way out', sdk => new sdk.AuthorizeSecurityGroupEgressCommand(newOut), newOut);
  const right = async () => {
    const [now] = await machineGroups(cloud, 'look');
    return (now && allRules(now).join() === wanted.join()) || undefined;
  };
  await until(RULES, minutes(1), right, ctx, 'other rules');
}

const remove = (cloud: Cloud, GroupId: string, ctx: Ctx) =>
  removeWhole(
    `${GROUP} ${GroupId}`,
    () => repeat(cloud, `remove ${GroupId}`, sdk => new sdk.DeleteSecurityGroupCommand({ GroupId })),
    async () => (await cloud.view.look('groups')).some(group => group.GroupId === GroupId),
    ctx,
  );
