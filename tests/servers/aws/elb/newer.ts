import { randomBytes } from 'node:crypto';
import type {
  CreateLoadBalancerInput,
  CreateLoadBalancerOutput,
  CreateTargetGroupInput,
  CreateTargetGroupOutput,
  DeleteLoadBalancerInput,
  DeleteTargetGroupInput,
  DescribeLoadBalancersInput,
  DescribeLoadBalancersOutput,
  DescribeTagsInput,
  DescribeTagsOutput,
  DescribeTargetGroupsInput,
  DescribeTargetGroupsOutput,
  LoadBalancer,
  TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { ec2Of } from '../ec2/state.ts';
import { AwsError } from '../errors.ts';
import type { Call, Rules } from '../service.ts';
import {
  type BalancerRecord,
  balancersOf,
  checkName,
  checkTags,
  type GroupRecord,
  groupsOf,
  paged,
  place,
  removeBalancer,
  upTo20,
} from './state.ts';

const arn = (what: string, { region, account }: Call) =>
  `arn:aws:elasticloadbalancing:${region}:${account}:${what}/${randomBytes(8).toString('hex')}`;

const shown = ({ id, name, type, vpc, subnets, madeAt }: BalancerRecord): LoadBalancer => ({
  ...{ LoadBalancerArn: id, LoadBalancerName: name, VpcId: vpc, Type: type as never },
  ...{ Scheme: 'internet-facing', State: { Code: 'active' }, CreatedTime: new Date(madeAt) },
  AvailabilityZones: subnets.map(({ SubnetId, AvailabilityZone }) => ({ SubnetId, ZoneName: AvailabilityZone })),
});
const shownGroup = ({ id, name, vpc, protocol, port }: GroupRecord): TargetGroup => ({
  ...{ TargetGroupArn: id, TargetGroupName: name, VpcId: vpc, Protocol: protocol as never, Port: port },
});

const newer = (call: Call) =>
  balancersOf(call)
    .listed()
    .filter(({ classic }) => !classic);

/** "Elastic Load Balancing API Reference", version 2015-12-01: Application, Network and Gateway Load Balancers. */
export const balancerRules: Rules = {
  CreateLoadBalancer(input: CreateLoadBalancerInput, call): CreateLoadBalancerOutput {
    const { Name = '', Subnets = [], Type = 'application', Tags } = input;
    checkName(Name, 'Load balancer');
    if (newer(call).some(({ name }) => name === Name))
      throw new AwsError('DuplicateLoadBalancerName', `A load balancer with the same name '${Name}' exists`);
    // "[Application Load Balancers] You must specify subnets from at least two Availability Zones."
    if (Type === 'application' && Subnets.length < 2)
      throw new AwsError(
        'ValidationError',
        'At least two subnets in two different Availability Zones must be specified',
      );
    const tags = checkTags(Tags);
    const short = { application: 'app', network: 'net', gateway: 'gwy' }[Type];
    const id = arn(`loadbalancer/${short}/${Name}`, call);
    const where = place(Subnets, id.slice(id.indexOf(`${short}/`)), call);
    const made = { name: Name, id, type: Type, ...where, tags, madeAt: call.world.now(), classic: false };
    return { LoadBalancers: [shown(balancersOf(call).add(id, made))] };
  },

  DescribeLoadBalancers({ Marker, PageSize }: DescribeLoadBalancersInput, call): DescribeLoadBalancersOutput {
    const { page, ...more } = paged(newer(call), Marker, PageSize, call);
    return { LoadBalancers: page.map(shown), ...more };
  },

  // "If the load balancer does not exist or has already been deleted, the call succeeds."
  DeleteLoadBalancer({ LoadBalancerArn = '' }: DeleteLoadBalancerInput, call): object {
    if (!LoadBalancerArn.startsWith('arn:aws:elasticloadbalancing:'))
      throw new AwsError('ValidationError', `'${LoadBalancerArn}' is not a valid load balancer ARN`);
    removeBalancer(LoadBalancerArn, call);
    return {};
  },

  CreateTargetGroup(input: CreateTargetGroupInput, call): CreateTargetGroupOutput {
    const { Name = '', VpcId = '', Protocol = '', Port = 0, Tags } = input;
    checkName(Name, 'Target group');
    ec2Of(call).vpcs.need(VpcId);
    // CreateTargetGroup: both, but for a Lambda function.
    if (Protocol === '' || Port < 1 || Port > 65535)
      throw new AwsError('ValidationError', 'A protocol and a port must be specified');
    if (
      groupsOf(call)
        .listed()
        .some(({ name }) => name === Name)
    )
      throw new AwsError('DuplicateTargetGroupName', `A target group with the same name '${Name}' exists`);
    const id = arn(`targetgroup/${Name}`, call);
    const group = { name: Name, id, vpc: VpcId, protocol: Protocol, port: Port, tags: checkTags(Tags) };
    return { TargetGroups: [shownGroup(groupsOf(call).add(id, group))] };
  },

  DescribeTargetGroups({ Marker, PageSize }: DescribeTargetGroupsInput, call): DescribeTargetGroupsOutput {
    const { page, ...more } = paged(groupsOf(call).listed(), Marker, PageSize, call);
    return { TargetGroups: page.map(shownGroup), ...more };
  },

  DeleteTargetGroup({ TargetGroupArn = '' }: DeleteTargetGroupInput, call): object {
    groupsOf(call).remove(TargetGroupArn);
    return {};
  },

  DescribeTags({ ResourceArns }: DescribeTagsInput, call): DescribeTagsOutput {
    return {
      TagDescriptions: upTo20(ResourceArns).map(id => {
        const found = balancersOf(call).seen(id) ?? groupsOf(call).seen(id);
        const code = id.includes(':targetgroup/') ? 'TargetGroupNotFound' : 'LoadBalancerNotFound';
        if (!found) throw new AwsError(code, `'${id}' not found`);
        return { ResourceArn: id, Tags: found.tags as never };
      }),
    };
  },
};
