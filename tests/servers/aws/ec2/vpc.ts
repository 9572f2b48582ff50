import type {
  CreateVpcRequest,
  CreateVpcResult,
  DeleteVpcRequest,
  DescribeVpcAttributeRequest,
  DescribeVpcAttributeResult,
  DescribeVpcsRequest,
  DescribeVpcsResult,
  ModifyVpcAttributeRequest,
  Vpc,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { readCidr } from './cidr.ts';
import { list } from './list.ts';
import { makeDefaultGroup } from './security-groups.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { makeSubnet } from './subnets.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';
import { zonesOf } from './zones.ts';

const filters = {
  'vpc-id': ({ VpcId }: Vpc) => VpcId,
  cidr: ({ CidrBlock }: Vpc) => CidrBlock,
  'is-default': ({ IsDefault }: Vpc) => IsDefault,
  'owner-id': ({ OwnerId }: Vpc) => OwnerId,
  state: ({ State }: Vpc) => State,
};

const shown = (vpc: Vpc, state: Ec2State): Vpc => ({ ...vpc, Tags: tagsOf(vpc.VpcId ?? '', state) });

export const vpcRules: Rules = {
  CreateVpc(input: CreateVpcRequest, call): CreateVpcResult {
    const state = ec2Of(call);
    // CreateVpc: "The IPv4 network range for the VPC, in CIDR notation"; a block between /16 and /28.
    if (input.CidrBlock === undefined)
      throw new AwsError('MissingParameter', 'The request must contain the parameter cidrBlock or ipv4IpamPoolId');
    const { bits, text } = readCidr(input.CidrBlock);
    if (bits < 16 || bits > 28) throw new AwsError('InvalidVpc.Range', `The CIDR '${text}' is invalid.`);
    if (state.vpcs.all().length >= state.world.faults.quotas.vpcs)
      throw new AwsError('VpcLimitExceeded', 'The maximum number of VPCs has been reached.');
    const tag = wantedTags(input.TagSpecifications, 'vpc');
    const vpc = makeVpc(text, false, state);
    tag(vpc.VpcId ?? '', state);
    call.world.later(call.world.settleMs, () => {
      vpc.State = 'available';
    });
    return { Vpc: shown(vpc, state) };
  },

  DescribeVpcs(input: DescribeVpcsRequest, call): DescribeVpcsResult {
    const state = ec2Of(call);
    const { page, NextToken } = list(
      { table: state.vpcs, id: ({ VpcId }) => VpcId, filters, ids: input.VpcIds },
      input,
      call,
    );
    return { Vpcs: page.map(vpc => shown(vpc, state)), NextToken };
  },

  ModifyVpcAttribute({ VpcId, EnableDnsSupport, EnableDnsHostnames }: ModifyVpcAttributeRequest, call): object {
    const state = ec2Of(call);
    state.vpcs.need(VpcId);
    // "You cannot modify the DNS resolution and DNS hostnames attributes in the same request."
    if ((EnableDnsSupport === undefined) === (EnableDnsHostnames === undefined))
      throw new AwsError('InvalidParameterCombination', 'Fields for multiple attribute types specified, or none');
    const now = attributes(VpcId, state);
    const dnsSupport = EnableDnsSupport?.Value ?? now.dnsSupport;
    const dnsHostnames = EnableDnsHostnames?.Value ?? now.dnsHostnames;
    // "You can only enable DNS hostnames if you've enabled DNS support."
    if (dnsHostnames && !dnsSupport)
      throw new AwsError('InvalidParameterCombination', 'DNS hostnames need DNS support');
    state.vpcAttributes.set(VpcId ?? '', { dnsSupport, dnsHostnames });
    return {};
  },

  DescribeVpcAttribute({ VpcId, Attribute }: DescribeVpcAttributeRequest, call): DescribeVpcAttributeResult {
    const state = ec2Of(call);
    state.vpcs.need(VpcId);
    const { dnsSupport, dnsHostnames } = attributes(VpcId, state);
    if (Attribute === 'enableDnsSupport') return { VpcId, EnableDnsSupport: { Value: dnsSupport } };
    if (Attribute === 'enableDnsHostnames') return { VpcId, EnableDnsHostnames: { Value: dnsHostnames } };
    return { VpcId, EnableNetworkAddressUsageMetrics: { Value: false } };
  },

  DeleteVpc({ VpcId }: DeleteVpcRequest, call): object {
    const state = ec2Of(call);
    state.vpcs.need(VpcId);
    const id = VpcId ?? '';
    // "You must detach or delete all gateways and resources that are associated with the VPC before you can delete it."
    if (inVpc(id, state).length > 0)
      throw new AwsError('DependencyViolation', `The vpc '${id}' has dependencies and cannot be deleted.`);
    const own = [state.routeTables, state.networkAcls, state.securityGroups] as const;
    for (const table of own) for (const row of table.all()) if (row.VpcId === id) removeOwn(row, table);
    state.vpcs.remove(id);
    state.vpcAttributes.delete(id);
    dropTags(id, state);
    return {};

    function removeOwn(
      row: { RouteTableId?: string; NetworkAclId?: string; GroupId?: string },
      table: { remove(id: string): void },
    ) {
      const rowId = row.RouteTableId ?? row.NetworkAclId ?? row.GroupId ?? '';
      for (const rule of state.securityGroupRules.all())
        if (rule.GroupId === rowId) state.securityGroupRules.remove(rule.SecurityGroupRuleId ?? '');
      table.remove(rowId);
      dropTags(rowId, state);
    }
  },
};

const attributes = (id: string | undefined, state: Ec2State) =>
  state.vpcAttributes.get(id ?? '') ?? { dnsSupport: true, dnsHostnames: false };

/** What keeps a VPC from being removed: all in it but what came with it. */
function inVpc(id: string, state: Ec2State): unknown[] {
  const main = (table: { Associations?: { Main?: boolean }[] }) => table.Associations?.some(({ Main }) => Main);
  return [
    ...state.subnets.all().filter(({ VpcId }) => VpcId === id),
    ...state.internetGateways.all().filter(({ Attachments }) => Attachments?.some(({ VpcId }) => VpcId === id)),
    ...state.routeTables.all().filter(table => table.VpcId === id && !main(table)),
    ...state.securityGroups.all().filter(({ VpcId, GroupName }) => VpcId === id && GroupName !== 'default'),
    ...state.networkInterfaces.all().filter(({ VpcId }) => VpcId === id),
    ...state.natGateways.all().filter(({ VpcId, State }) => VpcId === id && State !== 'deleted'),
  ];
}

/** With its main route table, default security group and default network ACL ("VPC basics"). */
function makeVpc(CidrBlock: string, IsDefault: boolean, state: Ec2State): Vpc {
  const VpcId = newId('vpc');
  const vpc: Vpc = {
    ...{ VpcId, CidrBlock, IsDefault, OwnerId: state.account, State: IsDefault ? 'available' : 'pending' },
    ...{ DhcpOptionsId: 'dopt-0f1e2d3c4b5a69788', InstanceTenancy: 'default' },
    CidrBlockAssociationSet: [
      { AssociationId: newId('vpc-cidr-assoc'), CidrBlock, CidrBlockState: { State: 'associated' } },
    ],
  };
  state.vpcs.add(VpcId, vpc, IsDefault);
  if (IsDefault) state.vpcAttributes.set(VpcId, { dnsSupport: true, dnsHostnames: true });
  const RouteTableId = newId('rtb');
  const association = { RouteTableAssociationId: newId('rtbassoc'), RouteTableId, Main: true };
  state.routeTables.add(RouteTableId, {
    ...{ RouteTableId, VpcId, OwnerId: state.account, PropagatingVgws: [] },
    Associations: [{ ...association, AssociationState: { State: 'associated' } }],
    Routes: [{ DestinationCidrBlock: CidrBlock, GatewayId: 'local', State: 'active', Origin: 'CreateRouteTable' }],
  });
  const NetworkAclId = newId('acl');
  state.networkAcls.add(NetworkAclId, {
    NetworkAclId,
    VpcId,
    IsDefault: true,
    OwnerId: state.account,
    Associations: [],
  });
  makeDefaultGroup(VpcId, state);
  return vpc;
}

/** "When you start using Amazon VPC, you have a default VPC in each AWS Region": it is nobody's to remove. */
export function makeDefaultVpc(state: Ec2State): void {
  const { VpcId = '' } = makeVpc('172.31.0.0/16', true, state);
  const InternetGatewayId = newId('igw');
  const Attachments = [{ VpcId, State: 'available' as never }];
  state.internetGateways.add(InternetGatewayId, { InternetGatewayId, OwnerId: state.account, Attachments }, true);
  const main = state.routeTables.all().find(table => table.VpcId === VpcId);
  main?.Routes?.push({
    DestinationCidrBlock: '0.0.0.0/0',
    GatewayId: InternetGatewayId,
    State: 'active',
    Origin: 'CreateRoute',
  });
  for (const [at, zone] of zonesOf(state.region).slice(0, 3).entries())
    makeSubnet({ VpcId, CidrBlock: `172.31.${at * 16}.0/20`, zone, isDefault: true }, state);
}
