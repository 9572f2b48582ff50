import type {
  CreateVpcEndpointRequest,
  CreateVpcEndpointResult,
  DeleteVpcEndpointsRequest,
  DeleteVpcEndpointsResult,
  DescribeVpcEndpointsRequest,
  DescribeVpcEndpointsResult,
  State,
  VpcEndpoint,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { list } from './list.ts';
import { makeInterface, removeInterface } from './network-interfaces.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { tagsOf, wantedTags } from './tags.ts';
import { once } from './tokens.ts';

const filters = {
  'vpc-endpoint-id': ({ VpcEndpointId }: VpcEndpoint) => VpcEndpointId,
  'vpc-id': ({ VpcId }: VpcEndpoint) => VpcId,
  'service-name': ({ ServiceName }: VpcEndpoint) => ServiceName,
  'vpc-endpoint-state': ({ State }: VpcEndpoint) => State,
};

const shown = (endpoint: VpcEndpoint, state: Ec2State): VpcEndpoint => ({
  ...endpoint,
  Tags: tagsOf(endpoint.VpcEndpointId ?? '', state),
});

/** The model writes them large, and EC2 answers them small. */
const word = (state: string) => state as State;

/** Interface endpoints: "Access an AWS service using an interface VPC endpoint". */
export const vpcEndpointRules: Rules = {
  CreateVpcEndpoint(input: CreateVpcEndpointRequest, call): CreateVpcEndpointResult {
    const state = ec2Of(call);
    const { VpcEndpointType = 'Gateway', ServiceName = '', ClientToken, PrivateDnsEnabled = false } = input;
    const { PolicyDocument = '' } = input;
    const SubnetIds = [...(input.SubnetIds ?? [])];
    const SecurityGroupIds = [...(input.SecurityGroupIds ?? [])];
    const vpc = state.vpcs.need(input.VpcId);
    const show = (id: string) => ({ VpcEndpoint: shown(state.vpcEndpoints.own(id), state), ClientToken });
    const tag = wantedTags(input.TagSpecifications, 'vpc-endpoint');
    return once('CreateVpcEndpoint', ClientToken, call, show, () => {
      if (VpcEndpointType !== 'Interface')
        throw new AwsError('InvalidParameter', 'the stand-in makes interface endpoints only');
      if (!new RegExp(`^com\\.amazonaws\\.${state.region}\\.[a-z0-9.-]+$`).test(ServiceName))
        throw new AwsError('InvalidServiceName', `The Vpc Endpoint Service '${ServiceName}' does not exist`);
      const subnets = SubnetIds.map(id => state.subnets.need(id));
      // Assumed: without a subnet it would be nowhere.
      if (subnets.length === 0) throw new AwsError('MissingParameter', 'An interface endpoint needs a subnet.');
      // Assumed, as for security groups below.
      if (subnets.some(({ VpcId }) => VpcId !== vpc.VpcId))
        throw new AwsError('InvalidParameter', `a subnet is not in ${vpc.VpcId}`);
      // "you can specify one subnet per Availability Zone"
      if (new Set(subnets.map(({ AvailabilityZone }) => AvailabilityZone)).size < subnets.length)
        throw new AwsError('DuplicateSubnetsInSameZone', 'Found another VPC endpoint subnet in the availability zone');
      for (const id of SecurityGroupIds)
        if (state.securityGroups.need(id).VpcId !== vpc.VpcId)
          throw new AwsError('InvalidParameter', `${id} is not in ${vpc.VpcId}`);
      const names = state.vpcAttributes.get(vpc.VpcId ?? '');
      // "To use a private hosted zone, you must set the following VPC attributes to true: enableDnsHostnames and enableDnsSupport."
      if (PrivateDnsEnabled && !(names?.dnsHostnames && names.dnsSupport))
        throw new AwsError(
          'InvalidParameter',
          'Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true',
        );
      const other = state.vpcEndpoints
        .all()
        .find(each => each.VpcId === vpc.VpcId && each.ServiceName === ServiceName && each.State !== word('deleted'));
      if (PrivateDnsEnabled && other?.PrivateDnsEnabled)
        throw new AwsError(
          'InvalidParameter',
          `private-dns-enabled cannot be set because there is already a conflicting DNS domain`,
        );
      if (PolicyDocument !== '') checkPolicy(PolicyDocument);
      const VpcEndpointId = newId('vpce');
      const interfaces = subnets.map(subnet =>
        makeInterface(
          { subnet, groups: SecurityGroupIds, description: `VPC Endpoint Interface ${VpcEndpointId}` },
          state,
        ),
      );
      const endpoint: VpcEndpoint = {
        ...{
          VpcEndpointId,
          VpcEndpointType,
          VpcId: vpc.VpcId,
          ServiceName,
          State: word('pending'),
          SubnetIds,
        },
        PolicyDocument,
        PrivateDnsEnabled,
        NetworkInterfaceIds: interfaces.map(({ NetworkInterfaceId = '' }) => NetworkInterfaceId),
        CreationTimestamp: new Date(state.world.now()),
      };
      state.vpcEndpoints.add(VpcEndpointId, endpoint);
      tag(VpcEndpointId, state);
      state.world.later(state.world.settleMs, () => {
        if (endpoint.State === word('pending')) endpoint.State = word('available');
      });
      return VpcEndpointId;
    });
  },

  DescribeVpcEndpoints(input: DescribeVpcEndpointsRequest, call): DescribeVpcEndpointsResult {
    const state = ec2Of(call);
    const listing = { table: state.vpcEndpoints, id: (each: VpcEndpoint) => each.VpcEndpointId, filters };
    const { page, NextToken } = list({ ...listing, ids: input.VpcEndpointIds }, input, call);
    return { VpcEndpoints: page.map(each => shown(each, state)), NextToken };
  },

  // What cannot be deleted is told in Unsuccessful, with status 200.
  DeleteVpcEndpoints({ VpcEndpointIds = [] }: DeleteVpcEndpointsRequest, call): DeleteVpcEndpointsResult {
    const state = ec2Of(call);
    const Unsuccessful = VpcEndpointIds.flatMap(id => {
      const endpoint = state.vpcEndpoints.get(id);
      const Message = `The Vpc Endpoint Id '${id}' does not exist`;
      if (!endpoint) return [{ ResourceId: id, Error: { Code: 'InvalidVpcEndpoint.NotFound', Message } }];
      endpoint.State = word('deleting');
      state.world.later(state.world.settleMs, () => {
        for (const eni of endpoint.NetworkInterfaceIds ?? []) removeInterface(eni, state);
        state.vpcEndpoints.remove(id);
      });
      return [];
    });
    return { Unsuccessful };
  },
};

function checkPolicy(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    // CreateVpcEndpoint, PolicyDocument: "The policy must be in valid JSON format."
    throw new AwsError('InvalidPolicyDocument', 'The policy document is not valid JSON.');
  }
}
