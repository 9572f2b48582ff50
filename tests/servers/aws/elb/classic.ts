import type {
  CreateAccessPointInput,
  CreateAccessPointOutput,
  DeleteAccessPointInput,
  DescribeAccessPointsInput,
  DescribeAccessPointsOutput,
  DescribeTagsInput,
  DescribeTagsOutput,
} from '@aws-sdk/client-elastic-load-balancing';
import { AwsError } from '../errors.ts';
import type { Call, Rules } from '../service.ts';
import { balancersOf, checkName, checkTags, paged, place, removeBalancer, upTo20 } from './state.ts';

const classic = (call: Call) =>
  balancersOf(call)
    .listed()
    .filter(each => each.classic);

/** "Elastic Load Balancing API Reference", version 2012-06-01: Classic Load Balancers. */
export const classicRules: Rules = {
  CreateLoadBalancer(input: CreateAccessPointInput, call): CreateAccessPointOutput {
    const { LoadBalancerName: name = '', Listeners = [], Subnets = [], Tags } = input;
    checkName(name, 'Load balancer');
    if (classic(call).some(each => each.name === name))
      throw new AwsError('DuplicateLoadBalancerName', `Load Balancer named ${name} already exists`);
    // Assumed: a balancer that listens to nothing.
    if (Listeners.length === 0) throw new AwsError('ValidationError', 'Listeners cannot be empty');
    // InvalidConfigurationRequest: "The requested configuration change is not valid."
    for (const { Protocol = '', LoadBalancerPort = 0, InstancePort = 0 } of Listeners)
      if (!/^(http|https|tcp|ssl)$/i.test(Protocol) || LoadBalancerPort < 1 || InstancePort < 1)
        throw new AwsError('InvalidConfigurationRequest', 'a listener is not valid');
    // "You must specify at least one Availability Zone."
    if (Subnets.length === 0)
      throw new AwsError('ValidationError', 'Either AvailabilityZones or SubnetIds must be specified');
    const made = { name, id: name, type: 'classic', ...place([...Subnets], name, call), tags: checkTags(Tags) };
    balancersOf(call).add(name, { ...made, madeAt: call.world.now(), classic: true });
    return { DNSName: `${name}-1234567890.${call.region}.elb.amazonaws.com` };
  },

  DescribeLoadBalancers({ Marker, PageSize }: DescribeAccessPointsInput, call): DescribeAccessPointsOutput {
    const { page, ...more } = paged(classic(call), Marker, PageSize, call);
    const LoadBalancerDescriptions = page.map(({ name, vpc, subnets, madeAt }) => ({
      ...{ LoadBalancerName: name, VPCId: vpc, CreatedTime: new Date(madeAt), Scheme: 'internet-facing' },
      Subnets: subnets.map(({ SubnetId = '' }) => SubnetId),
    }));
    return { LoadBalancerDescriptions, ...more };
  },

  // "If the load balancer does not exist or has already been deleted, the call to DeleteLoadBalancer still succeeds."
  DeleteLoadBalancer({ LoadBalancerName = '' }: DeleteAccessPointInput, call): object {
    removeBalancer(LoadBalancerName, call);
    return {};
  },

  DescribeTags({ LoadBalancerNames }: DescribeTagsInput, call): DescribeTagsOutput {
    return {
      TagDescriptions: upTo20(LoadBalancerNames).map(name => {
        const found = classic(call).find(each => each.name === name);
        if (!found) throw new AwsError('LoadBalancerNotFound', `There is no ACTIVE Load Balancer named '${name}'`);
        return { LoadBalancerName: name, Tags: found.tags as never };
      }),
    };
  },
};
