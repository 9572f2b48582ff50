import type {
  CreateNatGatewayRequest,
  CreateNatGatewayResult,
  DeleteNatGatewayRequest,
  DeleteNatGatewayResult,
  DescribeNatGatewaysRequest,
  DescribeNatGatewaysResult,
  NatGateway,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { associate, disassociate } from './addresses.ts';
import { list } from './list.ts';
import { makeInterface, removeInterface } from './network-interfaces.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { tagsOf, wantedTags } from './tags.ts';
import { once } from './tokens.ts';

const filters = {
  'nat-gateway-id': ({ NatGatewayId }: NatGateway) => NatGatewayId,
  'subnet-id': ({ SubnetId }: NatGateway) => SubnetId,
  'vpc-id': ({ VpcId }: NatGateway) => VpcId,
  state: ({ State }: NatGateway) => State,
};

const shown = (gateway: NatGateway, state: Ec2State): NatGateway => ({
  ...gateway,
  Tags: tagsOf(gateway.NatGatewayId ?? '', state),
});

export const natGatewayRules: Rules = {
  CreateNatGateway(input: CreateNatGatewayRequest, call): CreateNatGatewayResult {
    const state = ec2Of(call);
    const { ConnectivityType = 'public', AllocationId, ClientToken } = input;
    const subnet = state.subnets.need(input.SubnetId);
    const show = (id: string) => ({ NatGateway: shown(state.natGateways.own(id), state), ClientToken });
    const tag = wantedTags(input.TagSpecifications, 'natgateway');
    return once('CreateNatGateway', ClientToken, call, show, () => {
      if (ConnectivityType !== 'public')
        throw new AwsError('InvalidParameterValue', 'the stand-in makes public NAT gateways only');
      // "[Public NAT gateways only] The allocation ID of an Elastic IP address ... cannot be associated with another resource."
      if (AllocationId === undefined)
        throw new AwsError('MissingParameter', 'The request must include the AllocationId parameter.');
      const address = state.addresses.need(AllocationId);
      if (address.AssociationId)
        throw new AwsError('Resource.AlreadyAssociated', `Elastic IP address [${AllocationId}] is already associated`);
      const NatGatewayId = newId('nat');
      const eni = makeInterface(
        { subnet, groups: [], description: `Interface for NAT Gateway ${NatGatewayId}` },
        state,
      );
      associate(address, eni, state);
      const { NetworkInterfaceId, PrivateIpAddress: PrivateIp } = eni;
      const gateway: NatGateway = {
        ...{ NatGatewayId, SubnetId: subnet.SubnetId, VpcId: subnet.VpcId, State: 'pending', ConnectivityType },
        CreateTime: new Date(state.world.now()),
        NatGatewayAddresses: [
          { AllocationId, NetworkInterfaceId, PrivateIp, PublicIp: address.PublicIp, IsPrimary: true },
        ],
      };
      state.natGateways.add(NatGatewayId, gateway);
      tag(NatGatewayId, state);
      // "NAT gateway states": without an internet gateway in its VPC it ends as failed.
      const out = state.internetGateways
        .all()
        .some(each => each.Attachments?.some(({ VpcId }) => VpcId === subnet.VpcId));
      state.world.later(state.world.settleMs, () => {
        if (gateway.State !== 'pending') return;
        gateway.State = out ? 'available' : 'failed';
        if (!out)
          Object.assign(gateway, {
            FailureCode: 'Gateway.NotAttached',
            FailureMessage: `Network ${subnet.VpcId} has no Internet gateway attached`,
          });
      });
      return NatGatewayId;
    });
  },

  DescribeNatGateways(input: DescribeNatGatewaysRequest, call): DescribeNatGatewaysResult {
    const state = ec2Of(call);
    const listing = {
      table: state.natGateways,
      id: (each: NatGateway) => each.NatGatewayId,
      filters,
      ids: input.NatGatewayIds,
    };
    const { page, NextToken } = list({ ...listing }, { ...input, Filters: input.Filter }, call);
    return { NatGateways: page.map(each => shown(each, state)), NextToken };
  },

  // "Deleting a NAT gateway disassociates its Elastic IP address, but does not release the address"; it is seen as deleted for about an hour.
  DeleteNatGateway({ NatGatewayId }: DeleteNatGatewayRequest, call): DeleteNatGatewayResult {
    const state = ec2Of(call);
    const gateway = state.natGateways.need(NatGatewayId);
    if (gateway.State === 'deleted')
      throw new AwsError('NatGatewayNotFound', `NatGateway ${NatGatewayId} was not found`);
    gateway.State = 'deleting';
    state.world.later(state.world.settleMs, () => {
      for (const { NetworkInterfaceId = '' } of gateway.NatGatewayAddresses ?? []) {
        const address = state.addresses.all().find(each => each.NetworkInterfaceId === NetworkInterfaceId);
        if (address) disassociate(address, state);
        removeInterface(NetworkInterfaceId, state);
      }
      gateway.State = 'deleted';
      gateway.DeleteTime = new Date(state.world.now());
      for (const { Routes = [] } of state.routeTables.all())
        for (const route of Routes) if (route.NatGatewayId === NatGatewayId) route.State = 'blackhole';
    });
    return { NatGatewayId };
  },
};
