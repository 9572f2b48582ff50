import type {
  AuthorizeSecurityGroupEgressRequest,
  AuthorizeSecurityGroupIngressRequest,
  AuthorizeSecurityGroupIngressResult,
  DescribeSecurityGroupRulesRequest,
  DescribeSecurityGroupRulesResult,
  IpPermission,
  RevokeSecurityGroupEgressRequest,
  RevokeSecurityGroupIngressRequest,
  RevokeSecurityGroupIngressResult,
  SecurityGroupRule,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Call, Rules } from '../service.ts';
import { readCidr } from './cidr.ts';
import { list } from './list.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';

const filters = {
  'group-id': ({ GroupId }: SecurityGroupRule) => GroupId,
  'security-group-rule-id': ({ SecurityGroupRuleId }: SecurityGroupRule) => SecurityGroupRuleId,
};

type Change = AuthorizeSecurityGroupIngressRequest | AuthorizeSecurityGroupEgressRequest;
type Removal = RevokeSecurityGroupIngressRequest | RevokeSecurityGroupEgressRequest;

export const securityGroupRuleRules: Rules = {
  AuthorizeSecurityGroupIngress: (input: AuthorizeSecurityGroupIngressRequest, call) => authorize(input, false, call),
  AuthorizeSecurityGroupEgress: (input: AuthorizeSecurityGroupEgressRequest, call) => authorize(input, true, call),
  RevokeSecurityGroupIngress: (input: RevokeSecurityGroupIngressRequest, call) => revoke(input, false, call),
  RevokeSecurityGroupEgress: (input: RevokeSecurityGroupEgressRequest, call) => revoke(input, true, call),

  DescribeSecurityGroupRules(input: DescribeSecurityGroupRulesRequest, call): DescribeSecurityGroupRulesResult {
    const state = ec2Of(call);
    const id = (rule: SecurityGroupRule) => rule.SecurityGroupRuleId;
    const { page, NextToken } = list(
      { table: state.securityGroupRules, id, filters, ids: input.SecurityGroupRuleIds },
      input,
      call,
    );
    return { SecurityGroupRules: page.map(rule => shown(rule, state)), NextToken };
  },
};

function authorize(input: Change, IsEgress: boolean, call: Call): AuthorizeSecurityGroupIngressResult {
  const state = ec2Of(call);
  const wanted = rulesOf(input, IsEgress, state);
  const there = state.securityGroupRules.all();
  // Error codes: InvalidPermission.Duplicate; "the specified inbound or outbound rule already exists". Nothing is added then.
  for (const [at, rule] of wanted.entries())
    if (there.some(each => same(each, rule)) || wanted.slice(0, at).some(each => same(each, rule)))
      throw new AwsError('InvalidPermission.Duplicate', `the specified rule "${words(rule)}" already exists`);
  const own = there.filter(rule => rule.GroupId === input.GroupId && rule.IsEgress === IsEgress);
  if (own.length + wanted.length > state.world.faults.quotas.securityGroupRules)
    throw new AwsError(
      'RulesPerSecurityGroupLimitExceeded',
      'The maximum number of rules per security group has been reached.',
    );
  const tag = wantedTags(input.TagSpecifications, 'security-group-rule');
  const added = wanted.map(rule => addRule(rule, state));
  for (const { SecurityGroupRuleId = '' } of added) tag(SecurityGroupRuleId, state);
  return { Return: true, SecurityGroupRules: added.map(rule => shown(rule, state)) };
}

function revoke(input: Removal, IsEgress: boolean, call: Call): RevokeSecurityGroupIngressResult {
  const state = ec2Of(call);
  const all = state.securityGroupRules.all();
  const found = input.SecurityGroupRuleIds?.length
    ? input.SecurityGroupRuleIds.map(id => state.securityGroupRules.need(id))
    : rulesOf(input, IsEgress, state).map(rule => all.find(each => same(each, rule)));
  state.securityGroups.need(input.GroupId);
  // "[VPC] If the values you specify do not match the existing rule's values, no rule is removed": InvalidPermission.NotFound.
  if (found.some(rule => rule === undefined || rule.GroupId !== input.GroupId || rule.IsEgress !== IsEgress))
    throw new AwsError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');
  for (const rule of found) {
    state.securityGroupRules.remove(rule?.SecurityGroupRuleId ?? '');
    dropTags(rule?.SecurityGroupRuleId ?? '', state);
  }
  return { Return: true };
}

/** One rule for each source of each permission. */
function rulesOf(input: Change | Removal, IsEgress: boolean, state: Ec2State): SecurityGroupRule[] {
  const { GroupId } = input;
  if (GroupId === undefined) throw new AwsError('MissingParameter', 'The request must contain the parameter groupId');
  state.securityGroups.need(GroupId);
  // Assumed: a request without a rule.
  if (!input.IpPermissions?.length)
    throw new AwsError(
      'MissingParameter',
      'Either ipPermissions or the single-rule parameters must be given; the stand-in knows ipPermissions',
    );
  return input.IpPermissions.flatMap(permission => {
    const { IpProtocol, FromPort, ToPort } = ports(permission);
    const base = { GroupId, GroupOwnerId: state.account, IsEgress, IpProtocol, FromPort, ToPort };
    const blocks = (permission.IpRanges ?? []).map(({ CidrIp, Description }) => ({
      ...{ ...base, Description, CidrIpv4: readCidr(CidrIp).text },
    }));
    const groups = (permission.UserIdGroupPairs ?? []).map(pair => {
      state.securityGroups.need(pair.GroupId);
      return {
        ...base,
        Description: pair.Description,
        ReferencedGroupInfo: { GroupId: pair.GroupId, UserId: state.account },
      };
    });
    // AuthorizeSecurityGroupIngress: "You must specify exactly one of the following sources".
    if (blocks.length + groups.length === 0)
      throw new AwsError(
        'MissingParameter',
        'The permission has no source: the stand-in knows IpRanges and UserIdGroupPairs',
      );
    return [...blocks, ...groups];
  });
}

/** IpPermission: "-1 for all protocols ... allows traffic on all ports"; tcp and udp need both ports, in order. */
function ports({ IpProtocol, FromPort, ToPort }: IpPermission) {
  const names: Record<string, string> = { '6': 'tcp', '17': 'udp', '1': 'icmp' };
  const protocol = names[IpProtocol ?? ''] ?? IpProtocol;
  if (protocol === '-1') return { IpProtocol: '-1', FromPort: -1, ToPort: -1 };
  // IpPermission, IpProtocol: "(tcp, udp, icmp, icmpv6) or number"; of numbers the stand-in knows -1.
  if (!protocol || !['tcp', 'udp', 'icmp'].includes(protocol))
    throw new AwsError('InvalidParameterValue', `Invalid value '${IpProtocol}' for IP protocol. Unknown protocol.`);
  const [from = Number.NaN, to = Number.NaN] = [FromPort, ToPort];
  // IpPermission: "For tcp, udp, and icmp, you must specify a port range."
  if (protocol !== 'icmp' && !(from >= 0 && to <= 65_535 && from <= to))
    throw new AwsError(
      'InvalidParameterValue',
      `Invalid value for portRange. Must specify both from and to ports with ${protocol.toUpperCase()}.`,
    );
  return { IpProtocol: protocol, FromPort: from, ToPort: to };
}

const place = (rule: SecurityGroupRule) =>
  [
    ...[rule.GroupId, rule.IsEgress, rule.IpProtocol, rule.FromPort, rule.ToPort],
    ...[rule.CidrIpv4, rule.ReferencedGroupInfo?.GroupId],
  ].join(' ');
const same = (a: SecurityGroupRule, b: SecurityGroupRule) => place(a) === place(b);
const words = ({ CidrIpv4, ReferencedGroupInfo, IpProtocol, FromPort, ToPort }: SecurityGroupRule) =>
  `peer: ${CidrIpv4 ?? ReferencedGroupInfo?.GroupId}, ${IpProtocol === '-1' ? 'ALL' : `${IpProtocol?.toUpperCase()}, from port: ${FromPort}, to port: ${ToPort}`}, ALLOW`;

const shown = (rule: SecurityGroupRule, state: Ec2State): SecurityGroupRule => ({
  ...rule,
  Tags: tagsOf(rule.SecurityGroupRuleId ?? '', state),
});

export function addRule(rule: SecurityGroupRule, state: Ec2State): SecurityGroupRule {
  const SecurityGroupRuleId = newId('sgr');
  return state.securityGroupRules.add(SecurityGroupRuleId, {
    ...rule,
    SecurityGroupRuleId,
    GroupOwnerId: state.account,
  });
}

/** As DescribeSecurityGroups tells them: sources of one protocol and range together. */
export function permissionsOf(groupId: string | undefined, egress: boolean, state: Ec2State): IpPermission[] {
  const found = new Map<string, IpPermission>();
  for (const rule of state.securityGroupRules.all()) {
    if (rule.GroupId !== groupId || rule.IsEgress !== egress) continue;
    const { IpProtocol, FromPort, ToPort, Description, CidrIpv4, ReferencedGroupInfo } = rule;
    const key = `${IpProtocol} ${FromPort} ${ToPort}`;
    const range = IpProtocol !== '-1' && { FromPort, ToPort };
    const lists = { IpRanges: [], Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] };
    const permission: IpPermission = found.get(key) ?? { IpProtocol, ...range, ...lists };
    if (CidrIpv4 !== undefined) permission.IpRanges?.push({ CidrIp: CidrIpv4, Description });
    if (ReferencedGroupInfo) permission.UserIdGroupPairs?.push({ ...ReferencedGroupInfo, Description });
    found.set(key, permission);
  }
  return [...found.values()];
}
