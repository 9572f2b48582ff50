import type { VpcEndpoint } from '@aws-sdk/client-ec2';
import type { AnyStep, Change, Ctx, Decision } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { pages } from '../../host/ec2/questions.ts';
import { newTags, TAG } from '../../host/ec2/tags.ts';
import { minutes } from '../../time/index.ts';
import { describeCluster } from './observe.ts';
import { tokenOf, until } from './patience.ts';
import { roleArn, rolesWanted } from './role.ts';
import { changes, done, type Eks, known } from './site.ts';
import { after, eksStep } from './step.ts';

const ROLE = 'eks/endpoint/ec2';
const WHAT = 'way to EC2';

export interface EndpointFacts {
  endpoints: readonly { id: string; state: string }[];
}

/**
 * eks.endpoint, of a rehearsal: the driver of volumes asks EC2 from a pod, and pods do not get out. So EC2 has an address inside the
 * network, and answers the roles of this cluster there, whatever keys were restored.
 */
export const endpointStep = (eks: Eks): AnyStep =>
  eksStep<object, EndpointFacts>(eks, {
    id: 'eks.endpoint',
    title: 'Bring EC2 behind the fence, for the driver of volumes',
    want: {},
    // It stands in the cluster's security group, in which nodes are.
    needs: after('eks.cluster', 'eks.roles'),
    deadline: minutes(15),
    destroys: true,
    nothing: { endpoints: [] },
    observe: async () => ({
      endpoints: (await endpointsOf(eks)).map(({ VpcEndpointId: id = '', State = '' }) => ({ id, state: State })),
    }),
    decide: decideEndpoint,
    act: (change, ctx) => act(eks, change, ctx),
  });

export function decideEndpoint(want: object | undefined, { endpoints }: EndpointFacts): Decision {
  const [first] = endpoints;
  if (want === undefined)
    return changes(
      endpoints.map(({ id, state }) => known({ action: 'delete', what: `${WHAT} ${id}`, from: state })),
      'there is none',
    );
  if (first?.state === 'available') return done(`${first.id} is available`);
  return changes([known({ action: 'create', what: WHAT, ...(first && { from: first.state }) })], '');
}

/** Those of the site. AWS shows one that is gone for a while, as deleted. */
export async function endpointsOf({ aws, site }: Pick<Eks, 'aws' | 'site'>): Promise<VpcEndpoint[]> {
  const Filters = [{ Name: `tag:${TAG.site}`, Values: [site.name] }];
  const all = await pages(
    aws,
    'list VPC endpoints',
    (sdk, NextToken) => new sdk.DescribeVpcEndpointsCommand({ Filters, NextToken }),
    ({ VpcEndpoints }) => VpcEndpoints,
  );
  return all.filter(({ State }) => State?.toLowerCase() !== 'deleted');
}

async function act(eks: Eks, change: Change, ctx: Ctx): Promise<void> {
  if (change.action === 'delete') return remove(eks, change.what.slice(WHAT.length + 1), ctx);
  if ((await endpointsOf(eks)).length === 0) await create(eks, ctx);
  await until(ctx, `${WHAT} available`, minutes(10), async () => {
    const [found] = await endpointsOf(eks);
    const state = found?.State?.toLowerCase() ?? 'not in the list';
    if (/failed|rejected|expired/.test(state))
      throw new OpsError('AWS_REFUSED', `cannot bring EC2 behind the fence: ${found?.VpcEndpointId} is ${state}`, {
        details: [found?.LastError?.Message ?? 'AWS says no more'],
      });
    return state === 'available' ? { value: undefined } : { saw: state };
  });
}

async function create(eks: Eks, ctx: Ctx): Promise<void> {
  const { aws, site, cloud } = eks;
  const [network, cluster] = await Promise.all([eks.network(), describeCluster(eks)]);
  const group = cluster?.resourcesVpcConfig?.clusterSecurityGroupId;
  if (!network || group === undefined)
    throw new OpsError('INTERNAL', `cannot bring EC2 behind the fence: the network or the cluster is not there`);
  // One a zone is what an endpoint takes.
  const zones = new Map(network.subnets.map(({ zone, id }) => [zone, id]));
  const wish = {
    VpcId: network.vpc,
    VpcEndpointType: 'Interface' as const,
    ServiceName: `com.amazonaws.${cloud.region}.ec2`,
    SubnetIds: [...zones.values()].sort(),
    SecurityGroupIds: [group],
    PrivateDnsEnabled: true,
    PolicyDocument: JSON.stringify(policyOf(eks)),
  };
  const TagSpecifications = [{ ResourceType: 'vpc-endpoint' as const, Tags: newTags(site, cloud, ROLE, ctx.run) }];
  const request = { ...wish, TagSpecifications, ClientToken: tokenOf(ctx, wish) };
  await aws.call('ec2', `bring EC2 into ${network.vpc}`, sdk => new sdk.CreateVpcEndpointCommand(request), {
    again: true,
  });
}

/** Within the network the name of EC2 leads here: nodes and their network plugin ask it too. */
const policyOf = ({ site, cloud }: Eks): object => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: '*',
      Action: 'ec2:*',
      Resource: '*',
      Condition: {
        ArnEquals: {
          'aws:PrincipalArn': rolesWanted(site, cloud.region).map(({ part }) => roleArn(site, cloud, part)),
        },
      },
    },
  ],
});

async function remove(eks: Eks, id: string, ctx: Ctx): Promise<void> {
  await until(ctx, `${WHAT} ${id} gone`, minutes(10), async () => {
    const found = (await endpointsOf(eks)).find(({ VpcEndpointId }) => VpcEndpointId === id);
    if (!found) return { value: undefined };
    if (found.State?.toLowerCase() !== 'deleting') {
      const make = { VpcEndpointIds: [id] };
      await eks.aws.call('ec2', `remove ${id}`, sdk => new sdk.DeleteVpcEndpointsCommand(make), { again: true });
    }
    return { saw: found.State ?? 'still there' };
  });
}
