import type {
  Address,
  AllocateAddressRequest,
  AllocateAddressResult,
  AssociateAddressRequest,
  AssociateAddressResult,
  DescribeAddressesRequest,
  DescribeAddressesResult,
  DisassociateAddressRequest,
  NetworkInterface,
  ReleaseAddressRequest,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { list } from './list.ts';
import { nextPublicAddress } from './public-addresses.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';

const filters = {
  'allocation-id': ({ AllocationId }: Address) => AllocationId,
  'association-id': ({ AssociationId }: Address) => AssociationId,
  'public-ip': ({ PublicIp }: Address) => PublicIp,
  'instance-id': ({ InstanceId }: Address) => InstanceId,
  'network-interface-id': ({ NetworkInterfaceId }: Address) => NetworkInterfaceId,
  domain: ({ Domain }: Address) => Domain,
};

const shown = (address: Address, state: Ec2State): Address => ({
  ...address,
  Tags: tagsOf(address.AllocationId ?? '', state),
});

export const addressRules: Rules = {
  AllocateAddress({ Domain, TagSpecifications }: AllocateAddressRequest, call): AllocateAddressResult {
    const state = ec2Of(call);
    // AllocateAddress, Domain: "The network (vpc)."
    if (Domain === 'standard') throw new AwsError('InvalidParameterValue', 'EC2-Classic is gone: the domain is vpc');
    if (state.addresses.all().length >= state.world.faults.quotas.addresses)
      throw new AwsError('AddressLimitExceeded', 'The maximum number of addresses has been reached.');
    const tag = wantedTags(TagSpecifications, 'elastic-ip');
    const AllocationId = newId('eipalloc');
    const PublicIp = nextPublicAddress(state);
    state.addresses.add(AllocationId, {
      AllocationId,
      PublicIp,
      Domain: 'vpc',
      PublicIpv4Pool: 'amazon',
      NetworkBorderGroup: state.region,
    });
    tag(AllocationId, state);
    return { AllocationId, PublicIp, Domain: 'vpc', PublicIpv4Pool: 'amazon', NetworkBorderGroup: state.region };
  },

  // This answer has no pages in the API.
  DescribeAddresses(input: DescribeAddressesRequest, call): DescribeAddressesResult {
    const state = ec2Of(call);
    const { PublicIps, AllocationIds } = input;
    const wrong = PublicIps?.find(ip => !state.addresses.listed().some(({ PublicIp }) => PublicIp === ip));
    if (wrong !== undefined) throw new AwsError('InvalidAddress.NotFound', `Address '${wrong}' not found.`);
    const listing = {
      table: state.addresses,
      id: (each: Address) => each.AllocationId,
      filters,
      ids: AllocationIds,
      whole: true,
    };
    const { page } = list(listing, { Filters: input.Filters }, call);
    return {
      Addresses: page
        .filter(({ PublicIp = '' }) => PublicIps?.includes(PublicIp) ?? true)
        .map(each => shown(each, state)),
    };
  },

  AssociateAddress(input: AssociateAddressRequest, call): AssociateAddressResult {
    const state = ec2Of(call);
    const address = state.addresses.need(input.AllocationId);
    const target = interfaceOf(input, state);
    // "If the Elastic IP address is already associated with a different instance, ... by default the operation fails":
    // Resource.AlreadyAssociated, for AllowReassociation false.
    const elsewhere = address.AssociationId && address.NetworkInterfaceId !== target.NetworkInterfaceId;
    if (elsewhere && input.AllowReassociation === false)
      throw new AwsError(
        'Resource.AlreadyAssociated',
        `resource ${input.AllocationId} is already associated with associate-id ${address.AssociationId}`,
      );
    if (address.AssociationId && !elsewhere) return { AssociationId: address.AssociationId };
    // Error codes: Gateway.NotAttached, "an internet gateway is not attached to the VPC".
    if (!state.internetGateways.all().some(each => each.Attachments?.some(({ VpcId }) => VpcId === target.VpcId)))
      throw new AwsError('Gateway.NotAttached', `Network ${target.VpcId} is not attached to any internet gateway`);
    associate(address, target, state);
    return { AssociationId: address.AssociationId };
  },

  DisassociateAddress({ AssociationId }: DisassociateAddressRequest, call): object {
    const state = ec2Of(call);
    const address = state.addresses.all().find(each => each.AssociationId === AssociationId);
    if (!address || AssociationId === undefined)
      throw new AwsError('InvalidAssociationID.NotFound', `The association ID '${AssociationId}' does not exist`);
    disassociate(address, state);
    return {};
  },

  ReleaseAddress({ AllocationId }: ReleaseAddressRequest, call): object {
    const state = ec2Of(call);
    // ReleaseAddress, AllocationId: "This parameter is required."
    if (AllocationId === undefined)
      throw new AwsError('MissingParameter', 'The request must contain the parameter AllocationId');
    // Error codes: InvalidIPAddress.InUse, "the specified IP address is already in use"; disassociate it first.
    if (state.addresses.need(AllocationId).AssociationId)
      throw new AwsError('InvalidIPAddress.InUse', `Address ${state.addresses.need(AllocationId).PublicIp} is in use.`);
    state.addresses.remove(AllocationId);
    dropTags(AllocationId, state);
    return {};
  },
};

function interfaceOf({ InstanceId, NetworkInterfaceId }: AssociateAddressRequest, state: Ec2State): NetworkInterface {
  if (NetworkInterfaceId !== undefined) return state.networkInterfaces.need(NetworkInterfaceId);
  const instance = state.instances.need(InstanceId);
  // "The instance must be running" (error code IncorrectInstanceState for a pending one: "The pending instance '...' is not in a valid state").
  if (!['running', 'stopped'].includes(instance.state))
    throw new AwsError(
      'InvalidInstanceID',
      `The ${instance.state} instance '${InstanceId}' is not in a valid state for this operation.`,
    );
  return state.networkInterfaces.own(instance.interfaceId);
}

/** "When you associate an Elastic IP address with an instance, its public address is released to the pool." */
export function associate(address: Address, target: NetworkInterface, state: Ec2State): void {
  if (address.AssociationId) disassociate(address, state);
  const before = state.addresses.all().find(each => each.NetworkInterfaceId === target.NetworkInterfaceId);
  if (before) disassociate(before, state);
  const AssociationId = newId('eipassoc');
  const { NetworkInterfaceId, PrivateIpAddress, Attachment } = target;
  Object.assign(address, {
    ...{ AssociationId, NetworkInterfaceId, PrivateIpAddress, NetworkInterfaceOwnerId: state.account },
    ...(Attachment?.InstanceId && { InstanceId: Attachment.InstanceId }),
  });
  target.Association = {
    AssociationId,
    AllocationId: address.AllocationId,
    PublicIp: address.PublicIp,
    IpOwnerId: state.account,
  };
  state.world.runner?.readdress(state);
}

export function disassociate(address: Address, state: Ec2State): void {
  const target = state.networkInterfaces.get(address.NetworkInterfaceId);
  if (target) delete target.Association;
  for (const member of [
    'AssociationId',
    'NetworkInterfaceId',
    'PrivateIpAddress',
    'InstanceId',
    'NetworkInterfaceOwnerId',
  ] as const)
    delete address[member];
  state.world.runner?.readdress(state);
}
