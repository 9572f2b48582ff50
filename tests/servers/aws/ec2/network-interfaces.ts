import type {
  DeleteNetworkInterfaceRequest,
  DescribeNetworkInterfacesRequest,
  DescribeNetworkInterfacesResult,
  NetworkInterface,
  Subnet,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { contains, readCidr } from './cidr.ts';
import { list } from './list.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { freeAddresses } from './subnets.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf } from './tags.ts';

const filters = {
  'network-interface-id': ({ NetworkInterfaceId }: NetworkInterface) => NetworkInterfaceId,
  'subnet-id': ({ SubnetId }: NetworkInterface) => SubnetId,
  'vpc-id': ({ VpcId }: NetworkInterface) => VpcId,
  'group-id': ({ Groups }: NetworkInterface) => Groups?.map(({ GroupId }) => GroupId),
  'attachment.instance-id': ({ Attachment }: NetworkInterface) => Attachment?.InstanceId,
  'private-ip-address': ({ PrivateIpAddress }: NetworkInterface) => PrivateIpAddress,
  description: ({ Description }: NetworkInterface) => Description,
  status: ({ Status }: NetworkInterface) => Status,
};

export const networkInterfaceRules: Rules = {
  DescribeNetworkInterfaces(input: DescribeNetworkInterfacesRequest, call): DescribeNetworkInterfacesResult {
    const state = ec2Of(call);
    const id = (each: NetworkInterface) => each.NetworkInterfaceId;
    const { page, NextToken } = list(
      { table: state.networkInterfaces, id, filters, ids: input.NetworkInterfaceIds },
      input,
      call,
    );
    // Interfaces have their tags in TagSet.
    return { NetworkInterfaces: page.map(each => ({ ...each, TagSet: tagsOf(id(each) ?? '', state) })), NextToken };
  },

  DeleteNetworkInterface({ NetworkInterfaceId }: DeleteNetworkInterfaceRequest, call): object {
    const state = ec2Of(call);
    // "You must detach the network interface before you can delete it": InvalidParameterValue, "... is currently in use".
    if (state.networkInterfaces.need(NetworkInterfaceId).Status === 'in-use')
      throw new AwsError('InvalidParameterValue', `Network interface '${NetworkInterfaceId}' is currently in use.`);
    removeInterface(NetworkInterfaceId ?? '', state);
    return {};
  },
};

export interface InterfaceWant {
  subnet: Subnet;
  groups: string[];
  description?: string;
  privateIp?: string | undefined;
  instanceId?: string;
  deleteOnTermination?: boolean;
}

export function makeInterface(want: InterfaceWant, state: Ec2State): NetworkInterface {
  const { subnet, groups, description = '', instanceId } = want;
  const NetworkInterfaceId = newId('eni');
  const PrivateIpAddress = chooseAddress(want, state);
  const Groups = groups.map(GroupId => ({ GroupId, GroupName: state.securityGroups.own(GroupId).GroupName }));
  const PrivateDnsName = `ip-${PrivateIpAddress.replaceAll('.', '-')}.${state.region}.compute.internal`;
  const { VpcId, SubnetId, AvailabilityZone } = subnet;
  return state.networkInterfaces.add(NetworkInterfaceId, {
    ...{
      NetworkInterfaceId,
      PrivateIpAddress,
      PrivateDnsName,
      Groups,
      VpcId,
      SubnetId,
      AvailabilityZone,
      Description: description,
    },
    ...{
      OwnerId: state.account,
      RequesterManaged: !instanceId,
      SourceDestCheck: true,
      Status: 'in-use',
      InterfaceType: 'interface',
    },
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress, PrivateDnsName }],
    Attachment: {
      ...{
        AttachmentId: newId('eni-attach'),
        DeviceIndex: 0,
        Status: 'attached',
        AttachTime: new Date(state.world.now()),
      },
      DeleteOnTermination: want.deleteOnTermination ?? true,
      ...(instanceId && { InstanceId: instanceId, InstanceOwnerId: state.account }),
    },
  });
}

function chooseAddress({ subnet, privateIp }: InterfaceWant, state: Ec2State): string {
  const free = freeAddresses(subnet, state);
  if (privateIp === undefined) {
    const first = free[0];
    if (first === undefined)
      throw new AwsError(
        'InsufficientFreeAddressesInSubnet',
        `Not enough free addresses in subnet '${subnet.SubnetId}'`,
      );
    return first;
  }
  // Assumed, with the code that is for any value.
  if (!contains(readCidr(subnet.CidrBlock), readCidr(`${privateIp}/32`)))
    throw new AwsError('InvalidParameterValue', `Address ${privateIp} does not fall within the subnet's address range`);
  if (!free.includes(privateIp)) throw new AwsError('InvalidIPAddress.InUse', `Address ${privateIp} is in use.`);
  return privateIp;
}

export function removeInterface(id: string, state: Ec2State): void {
  state.networkInterfaces.remove(id);
  dropTags(id, state);
}
