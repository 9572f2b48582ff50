import type {
  CreateSubnetRequest,
  CreateSubnetResult,
  DeleteSubnetRequest,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  ModifySubnetAttributeRequest,
  Subnet,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { addressAt, contains, overlap, readCidr } from './cidr.ts';
import { list } from './list.ts';
import { arn, type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';
import { zonesOf } from './zones.ts';

const filters = {
  'subnet-id': ({ SubnetId }: Subnet) => SubnetId,
  'vpc-id': ({ VpcId }: Subnet) => VpcId,
  'availability-zone': ({ AvailabilityZone }: Subnet) => AvailabilityZone,
  'cidr-block': ({ CidrBlock }: Subnet) => CidrBlock,
  'map-public-ip-on-launch': ({ MapPublicIpOnLaunch }: Subnet) => MapPublicIpOnLaunch,
  'default-for-az': ({ DefaultForAz }: Subnet) => DefaultForAz,
  state: ({ State }: Subnet) => State,
};

const shown = (subnet: Subnet, state: Ec2State): Subnet => ({
  ...subnet,
  AvailableIpAddressCount: freeAddresses(subnet, state).length,
  Tags: tagsOf(subnet.SubnetId ?? '', state),
});

export const subnetRules: Rules = {
  CreateSubnet(input: CreateSubnetRequest, call): CreateSubnetResult {
    const state = ec2Of(call);
    const vpc = state.vpcs.need(input.VpcId);
    const block = readCidr(input.CidrBlock);
    // CreateSubnet: "the subnet CIDR block must not overlap"; "between a /28 netmask and /16 netmask"; within the VPC's.
    if (block.bits < 16 || block.bits > 28 || !contains(readCidr(vpc.CidrBlock), block))
      throw new AwsError('InvalidSubnet.Range', `The CIDR '${block.text}' is invalid.`);
    const siblings = state.subnets.all().filter(({ VpcId }) => VpcId === input.VpcId);
    if (siblings.some(({ CidrBlock }) => overlap(readCidr(CidrBlock), block)))
      throw new AwsError('InvalidSubnet.Conflict', `The CIDR '${block.text}' conflicts with another subnet`);
    const zones = zonesOf(call.region);
    const zone = input.AvailabilityZone ?? zones[0] ?? '';
    // Observed by others: kz8s/tack#67.
    if (!zones.includes(zone))
      throw new AwsError(
        'InvalidParameterValue',
        `Value (${zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${zones.join(', ')}.`,
      );
    const tag = wantedTags(input.TagSpecifications, 'subnet');
    const subnet = makeSubnet({ VpcId: input.VpcId ?? '', CidrBlock: block.text, zone, isDefault: false }, state);
    tag(subnet.SubnetId ?? '', state);
    call.world.later(call.world.settleMs, () => {
      subnet.State = 'available';
    });
    return { Subnet: shown(subnet, state) };
  },

  DescribeSubnets(input: DescribeSubnetsRequest, call): DescribeSubnetsResult {
    const state = ec2Of(call);
    const { page, NextToken } = list(
      { table: state.subnets, id: ({ SubnetId }) => SubnetId, filters, ids: input.SubnetIds },
      input,
      call,
    );
    return { Subnets: page.map(subnet => shown(subnet, state)), NextToken };
  },

  ModifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch }: ModifySubnetAttributeRequest, call): object {
    const subnet = ec2Of(call).subnets.need(SubnetId);
    // Assumed: a request that changes nothing.
    if (MapPublicIpOnLaunch === undefined)
      throw new AwsError('InvalidParameterCombination', 'No attributes specified.');
    subnet.MapPublicIpOnLaunch = MapPublicIpOnLaunch.Value ?? false;
    return {};
  },

  DeleteSubnet({ SubnetId }: DeleteSubnetRequest, call): object {
    const state = ec2Of(call);
    state.subnets.need(SubnetId);
    // "You must terminate all running instances in the subnet before you can delete the subnet."
    if (state.networkInterfaces.all().some(each => each.SubnetId === SubnetId))
      throw new AwsError('DependencyViolation', `The subnet '${SubnetId}' has dependencies and cannot be deleted.`);
    for (const table of state.routeTables.all())
      table.Associations = table.Associations?.filter(each => each.SubnetId !== SubnetId) ?? [];
    state.subnets.remove(SubnetId ?? '');
    dropTags(SubnetId ?? '', state);
    return {};
  },
};

interface SubnetWant {
  VpcId: string;
  CidrBlock: string;
  zone: string;
  isDefault: boolean;
}

export function makeSubnet({ VpcId, CidrBlock, zone, isDefault }: SubnetWant, state: Ec2State): Subnet {
  const SubnetId = newId('subnet');
  return state.subnets.add(
    SubnetId,
    {
      ...{ SubnetId, VpcId, CidrBlock, AvailabilityZone: zone, OwnerId: state.account, DefaultForAz: isDefault },
      ...{
        State: isDefault ? 'available' : 'pending',
        MapPublicIpOnLaunch: isDefault,
        AssignIpv6AddressOnCreation: false,
      },
      ...{ SubnetArn: arn(`subnet/${SubnetId}`, state), Ipv6CidrBlockAssociationSet: [] },
    },
    isDefault,
  );
}

/** "The first four IP addresses and the last IP address in each subnet CIDR block are not available" ("Subnet sizing"). */
export function freeAddresses({ CidrBlock, SubnetId }: Subnet, state: Ec2State): string[] {
  const { from, to } = readCidr(CidrBlock);
  const taken = new Set(
    state.networkInterfaces.all().flatMap(each => (each.SubnetId === SubnetId ? (each.PrivateIpAddress ?? []) : [])),
  );
  const all = Array.from({ length: to - from - 4 }, (_, at) => addressAt(from + 4 + at));
  return all.filter(address => !taken.has(address));
}
