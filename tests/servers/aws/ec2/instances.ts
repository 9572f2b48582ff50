import type {
  DescribeInstanceAttributeRequest,
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  DescribeInstancesRequest,
  DescribeInstancesResult,
  InstanceAttribute,
  ModifyInstanceAttributeRequest,
  ModifyInstanceMetadataOptionsRequest,
  ModifyInstanceMetadataOptionsResult,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { type InstanceRecord, publicAddress, shownInstance, stateOf } from './instance-record.ts';
import { type FilterValues, list } from './list.ts';
import { reservation } from './run-instances.ts';
import { ec2Of } from './state.ts';

const filters: FilterValues<InstanceRecord> = {
  'instance-id': ({ id }) => id,
  'instance-state-name': ({ state }) => state,
  'instance-type': ({ asked }) => asked.InstanceType,
  'image-id': ({ asked }) => asked.ImageId,
  'key-name': ({ asked }) => asked.KeyName,
  'client-token': ({ clientToken }) => clientToken,
  'vpc-id': ({ vpcId, state }) => (state === 'terminated' ? undefined : vpcId),
  'network-interface.vpc-id': ({ vpcId, state }) => (state === 'terminated' ? undefined : vpcId),
  'subnet-id': ({ subnetId, state }) => (state === 'terminated' ? undefined : subnetId),
  'availability-zone': ({ zone }) => zone,
  'reservation-id': each => each.reservationId,
  'ip-address': (each, state) => publicAddress(each, state),
  'private-ip-address': (each, state) => state.networkInterfaces.get(each.interfaceId)?.PrivateIpAddress,
  'instance.group-id': (each, state) =>
    state.networkInterfaces.get(each.interfaceId)?.Groups?.map(({ GroupId }) => GroupId),
};
const id = (record: InstanceRecord) => record.id;

export const instanceRules: Rules = {
  DescribeInstances(input: DescribeInstancesRequest, call): DescribeInstancesResult {
    const state = ec2Of(call);
    const { page, NextToken } = list({ table: state.instances, id, filters, ids: input.InstanceIds }, input, call);
    const byReservation = Map.groupBy(page, ({ reservationId }) => reservationId);
    return { Reservations: [...byReservation.values()].map(records => reservation(records, state)), NextToken };
  },

  // "By default, only running instances are described, unless specified otherwise."
  DescribeInstanceStatus(input: DescribeInstanceStatusRequest, call): DescribeInstanceStatusResult {
    const state = ec2Of(call);
    const listing = { table: state.instances, id, filters, ids: input.InstanceIds };
    const { page, NextToken } = list(listing, input, call);
    const shown = page.filter(each => input.IncludeAllInstances || each.state === 'running');
    const summary = (record: InstanceRecord) => {
      const Status = record.state === 'running' ? ('ok' as const) : ('not-applicable' as const);
      return { Status, Details: [] };
    };
    return {
      InstanceStatuses: shown.map(record => ({
        ...{ InstanceId: record.id, AvailabilityZone: record.zone, InstanceState: stateOf(record.state), Events: [] },
        ...{ InstanceStatus: summary(record), SystemStatus: summary(record) },
      })),
      NextToken,
    };
  },

  DescribeInstanceAttribute({ InstanceId, Attribute }: DescribeInstanceAttributeRequest, call): InstanceAttribute {
    const record = ec2Of(call).instances.need(InstanceId);
    if (Attribute === 'userData') return { InstanceId, UserData: { Value: record.userData } };
    if (Attribute === 'disableApiTermination')
      return { InstanceId, DisableApiTermination: { Value: record.terminationProtected } };
    if (Attribute === 'instanceType') return { InstanceId, InstanceType: { Value: record.asked.InstanceType } };
    throw new AwsError('InvalidParameterValue', `the stand-in does not tell the attribute ${Attribute}`);
  },

  ModifyInstanceAttribute(input: ModifyInstanceAttributeRequest, call): object {
    const state = ec2Of(call);
    const record = state.instances.need(input.InstanceId);
    const { DisableApiTermination, Groups } = input;
    if (DisableApiTermination) record.terminationProtected = DisableApiTermination.Value ?? false;
    if (Groups) {
      const found = Groups.map(GroupId => ({ GroupId, GroupName: state.securityGroups.need(GroupId).GroupName }));
      state.networkInterfaces.own(record.interfaceId).Groups = found;
    }
    return {};
  },

  ModifyInstanceMetadataOptions(
    input: ModifyInstanceMetadataOptionsRequest,
    call,
  ): ModifyInstanceMetadataOptionsResult {
    const state = ec2Of(call);
    const record = state.instances.need(input.InstanceId);
    const { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit, InstanceMetadataTags } = input;
    const given = Object.entries({ HttpTokens, HttpEndpoint, HttpPutResponseHopLimit, InstanceMetadataTags });
    record.asked.MetadataOptions = {
      ...record.asked.MetadataOptions,
      ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    };
    return { InstanceId: record.id, InstanceMetadataOptions: shownInstance(record, state).MetadataOptions };
  },
};
