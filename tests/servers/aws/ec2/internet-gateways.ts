import type {
  AttachInternetGatewayRequest,
  CreateInternetGatewayRequest,
  CreateInternetGatewayResult,
  DeleteInternetGatewayRequest,
  DescribeInternetGatewaysRequest,
  DescribeInternetGatewaysResult,
  DetachInternetGatewayRequest,
  InternetGateway,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { list } from './list.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';

const filters = {
  'internet-gateway-id': ({ InternetGatewayId }: InternetGateway) => InternetGatewayId,
  'attachment.vpc-id': ({ Attachments }: InternetGateway) => Attachments?.map(({ VpcId }) => VpcId),
  'attachment.state': ({ Attachments }: InternetGateway) => Attachments?.map(({ State }) => State),
  'owner-id': ({ OwnerId }: InternetGateway) => OwnerId,
};

const shown = (gateway: InternetGateway, state: Ec2State): InternetGateway => ({
  ...gateway,
  Tags: tagsOf(gateway.InternetGatewayId ?? '', state),
});

export const internetGatewayRules: Rules = {
  CreateInternetGateway(input: CreateInternetGatewayRequest, call): CreateInternetGatewayResult {
    const state = ec2Of(call);
    const tag = wantedTags(input.TagSpecifications, 'internet-gateway');
    const InternetGatewayId = newId('igw');
    const gateway = { InternetGatewayId, OwnerId: state.account, Attachments: [] };
    state.internetGateways.add(InternetGatewayId, gateway);
    tag(InternetGatewayId, state);
    return { InternetGateway: shown(gateway, state) };
  },

  DescribeInternetGateways(input: DescribeInternetGatewaysRequest, call): DescribeInternetGatewaysResult {
    const state = ec2Of(call);
    const { page, NextToken } = list(
      { table: state.internetGateways, id: each => each.InternetGatewayId, filters, ids: input.InternetGatewayIds },
      input,
      call,
    );
    return { InternetGateways: page.map(each => shown(each, state)), NextToken };
  },

  AttachInternetGateway({ InternetGatewayId, VpcId }: AttachInternetGatewayRequest, call): object {
    const state = ec2Of(call);
    const gateway = state.internetGateways.need(InternetGatewayId);
    state.vpcs.need(VpcId);
    // Error codes: Resource.AlreadyAssociated, "the internet gateway is already attached"; one for each VPC.
    if (gateway.Attachments?.length)
      throw new AwsError(
        'Resource.AlreadyAssociated',
        `resource ${InternetGatewayId} is already attached to network ${gateway.Attachments[0]?.VpcId}`,
      );
    const other = state.internetGateways.all().find(each => each.Attachments?.some(at => at.VpcId === VpcId));
    // Observed by others: terraform-aws-modules/terraform-aws-vpc#282.
    if (other) throw new AwsError('InvalidParameterValue', `Network ${VpcId} already has an internet gateway attached`);
    gateway.Attachments = [{ VpcId, State: 'available' as never }];
    return {};
  },

  DetachInternetGateway({ InternetGatewayId, VpcId }: DetachInternetGatewayRequest, call): object {
    const state = ec2Of(call);
    const gateway = state.internetGateways.need(InternetGatewayId);
    state.vpcs.need(VpcId);
    if (!gateway.Attachments?.some(at => at.VpcId === VpcId))
      throw new AwsError('Gateway.NotAttached', `resource ${InternetGatewayId} is not attached to network ${VpcId}`);
    // "The VPC must not contain any running instances with Elastic IP addresses or public IPv4 addresses."
    const mapped = state.networkInterfaces.all().some(each => each.VpcId === VpcId && each.Association?.PublicIp);
    if (mapped)
      throw new AwsError(
        'DependencyViolation',
        `Network ${VpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
      );
    gateway.Attachments = [];
    return {};
  },

  DeleteInternetGateway({ InternetGatewayId }: DeleteInternetGatewayRequest, call): object {
    const state = ec2Of(call);
    // "You must detach the internet gateway from the VPC before you can delete it."
    if (state.internetGateways.need(InternetGatewayId).Attachments?.length)
      throw new AwsError(
        'DependencyViolation',
        `The internetGateway '${InternetGatewayId}' has dependencies and cannot be deleted.`,
      );
    const id = InternetGatewayId ?? '';
    // Routes through it stay, as blackholes ("Route tables": state blackhole).
    for (const { Routes = [] } of state.routeTables.all())
      for (const route of Routes) if (route.GatewayId === id) route.State = 'blackhole';
    state.internetGateways.remove(id);
    dropTags(id, state);
    return {};
  },
};
