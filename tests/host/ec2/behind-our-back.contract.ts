import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { EC2 } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancing } from '@aws-sdk/client-elastic-load-balancing';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { spentOn } from '../../../lib/site/spent.ts';
import { leaks } from '../../../lib/site/teardown.ts';
import { clientOf, codeOf } from '../../servers/aws/clients.ts';
import { apply, destroy, endWorld, newWorld, siteOf, using, type World } from './world.ts';

/** Kubernetes, or somebody with a console. */
interface Hand {
  ec2: EC2;
  newer: ElasticLoadBalancingV2;
  classic: ElasticLoadBalancing;
  logs: CloudWatchLogs;
}

interface Context extends World {
  hand: Hand;
}

const test = suite<Context>('what Kubernetes makes behind our back');
test.before.each(async context => {
  Object.assign(context, await newWorld());
  const { aws } = context;
  const keys = aws.world.user('console');
  context.hand = {
    ec2: clientOf(EC2, aws, { keys }),
    newer: clientOf(ElasticLoadBalancingV2, aws, { keys }),
    classic: clientOf(ElasticLoadBalancing, aws, { keys }),
    logs: clientOf(CloudWatchLogs, aws, { keys }),
  };
});
test.after.each(async context => {
  for (const client of Object.values(context.hand)) client.destroy();
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

const CONTROLLER = [{ Key: 'elbv2.k8s.aws/cluster', Value: 'cloudy' }];
const PROVIDER = [{ Key: 'kubernetes.io/cluster/cloudy', Value: 'owned' }];

async function publicSubnets({ hand }: Context) {
  const Filters = [{ Name: 'tag:muster:role', Values: ['subnet/public-*'] }];
  const { Subnets = [] } = await hand.ec2.describeSubnets({ Filters });
  return { ids: Subnets.flatMap(({ SubnetId }) => SubnetId ?? []), vpc: Subnets[0]?.VpcId ?? '' };
}

async function balancers(context: Context, tags = { newer: CONTROLLER, classic: PROVIDER }) {
  const { newer, classic } = context.hand;
  const { ids, vpc } = await publicSubnets(context);
  await newer.createLoadBalancer({ Name: 'k8s-shop-web', Type: 'network', Subnets: ids, Tags: tags.newer });
  await newer.createTargetGroup({ Name: 'k8s-shop-web', Protocol: 'TCP', Port: 80, VpcId: vpc, Tags: tags.newer });
  const Listeners = [{ Protocol: 'tcp', LoadBalancerPort: 80, InstancePort: 30080 }];
  await classic.createLoadBalancer({ LoadBalancerName: 'a1b2', Listeners, Subnets: ids, Tags: tags.classic });
}

const found = (context: Context, site = siteOf()) => using(context, site, opened => leaks(opened));

test('load balancers of the cluster hold the network, and go before it with what they lead to', async context => {
  await apply(context);
  await balancers(context);
  const { ids } = await publicSubnets(context);
  assert.is(await codeOf(context.hand.ec2.deleteSubnet({ SubnetId: ids[0] ?? '' })), 'DependencyViolation');
  await destroy(context);
  assert.equal(await found(context), []);
});

test('one of which nothing says whose it is stops the removal with its name, and stays', async context => {
  await apply(context);
  await balancers(context, { newer: CONTROLLER, classic: [{ Key: 'team', Value: 'theirs' }] });
  const error = await destroy(context).catch(thrown => thrown);
  assert.match(`${error.message} ${error.details}`, /in the network there is classic load balancer a1b2/);
  const { LoadBalancerDescriptions = [] } = await context.hand.classic.describeLoadBalancers({});
  assert.is(LoadBalancerDescriptions.length, 1);
  await context.hand.classic.deleteLoadBalancer({ LoadBalancerName: 'a1b2' });
  await destroy(context);
});

test('in another network they are leaks, named and left alone; those of another cluster are none of ours', async context => {
  const { hand } = context;
  const { Subnets = [] } = await hand.ec2.describeSubnets({});
  const ids = Subnets.flatMap(({ SubnetId }) => SubnetId ?? []);
  const VpcId = Subnets[0]?.VpcId;
  const group = { Protocol: 'TCP', Port: 80, VpcId } as const;
  const ours = await hand.newer.createTargetGroup({ ...group, Name: 'left', Tags: CONTROLLER });
  const shared = [{ Key: 'kubernetes.io/cluster/cloudy', Value: 'shared' }];
  // More than a page, and more than one batch of tags.
  for (let n = 0; n < 24; n++) await hand.newer.createTargetGroup({ ...group, Name: `theirs-${n}`, Tags: shared });
  await hand.newer.createLoadBalancer({ Name: 'left', Subnets: ids, Tags: PROVIDER });
  const left = await found(context);
  assert.equal(
    left.map(({ kind, detail }) => `${kind}: ${detail}`),
    ['load balancer: made by Kubernetes', 'target group: made by Kubernetes'],
  );
  assert.is(left[1]?.id, ours.TargetGroups?.[0]?.TargetGroupArn);
  assert.equal(await found(context, siteOf({}, 'other')), []);
});

const spent = (context: Context) =>
  using(context, siteOf(), async opened => spentOn(opened, await opened.provider.machines(opened.site)));

test('it is on the bill of a site that stands, each thing with its size; what is of others is not', async context => {
  const { ec2 } = context.hand;
  await apply(context);
  const planned = await spent(context);
  assert.is(planned?.beside, undefined);
  await balancers(context, { newer: CONTROLLER, classic: [{ Key: 'team', Value: 'theirs' }] });
  const claim = (site: string) => [
    { Key: 'CSIVolumeName', Value: 'pvc-1' },
    { Key: 'muster:site', Value: site },
  ];
  const volume = async (VolumeType: 'gp3' | 'gp2', site: string) => {
    const TagSpecifications = [{ ResourceType: 'volume' as const, Tags: claim(site) }];
    const zone = { AvailabilityZone: 'eu-central-1a', Size: 8, VolumeType };
    return (await ec2.createVolume({ ...zone, TagSpecifications })).VolumeId ?? '';
  };
  const VolumeId = await volume('gp3', 'cloudy');
  const other = await volume('gp2', 'cloudy');
  await volume('gp3', 'another');
  const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags: [{ Key: 'muster:site', Value: 'cloudy' }] }];
  const { SnapshotId } = await ec2.createSnapshot({ VolumeId, TagSpecifications });
  const seen = await spent(context);
  assert.equal(
    seen?.beside?.map(({ what }) => what),
    [
      'load balancer k8s-shop-web',
      '2 x public address of load balancer k8s-shop-web',
      `volume ${VolumeId}: 8 GiB gp3`,
      `snapshot ${SnapshotId}: at most 8 GiB`,
    ],
  );
  assert.equal(seen?.lacks, [`volume ${other}: 8 GiB gp2: no price is known`]);
  assert.ok((seen?.hour ?? 0) > (planned?.hour ?? Infinity));
});

for (const operation of ['DescribeLoadBalancers', 'DescribeVolumes', 'DescribeSnapshots'])
  test(`when ${operation} is refused, a bill says what it lacks`, async context => {
    await apply(context);
    context.aws.world.faults.refuse(operation, { code: 'UnauthorizedOperation', status: 403 }, 99);
    const seen = await spent(context);
    assert.match(seen?.lacks?.join() ?? '', /^what Kubernetes made: .*UnauthorizedOperation/);
    assert.ok((seen?.hour ?? 0) > 0);
  });

test('log groups are known by their names, and are a leak when they are younger than the site', async context => {
  const { logs } = context.hand;
  const { world } = context.aws;
  world.clockOffset = -1000;
  await logs.createLogGroup({ logGroupName: '/aws/containerinsights/cloudy/performance' });
  world.clockOffset = 0;
  await apply(context);
  await logs.createLogGroup({ logGroupName: '/aws/eks/cloudy/cluster' });
  await logs.createLogGroup({ logGroupName: '/aws/eks/cloudy-rehearsal/cluster' });
  await destroy(context);
  assert.equal(
    (await found(context)).map(({ kind, id }) => `${kind} ${id}`),
    ['log group /aws/eks/cloudy/cluster'],
  );
});

for (const operation of ['DescribeLoadBalancers', 'DescribeTargetGroups', 'DescribeLogGroups'])
  test(`when ${operation} is not answered, nobody says that nothing is left`, async context => {
    context.aws.world.faults.refuse(operation, { code: 'AccessDenied', status: 403 }, 99);
    const error = await found(context).catch(thrown => thrown);
    assert.is(error.code, 'LEAK_UNKNOWN');
  });

test.run();
