import type { Aws } from '../../aws/index.ts';
import { isNotFound } from './patience.ts';
import type { Tagged } from './tags.ts';

/** What leads traffic into a VPC, whoever made it. */
export interface Balancer extends Tagged {
  kind: 'load balancer' | 'classic load balancer' | 'target group';
  /** An ARN; of a classic one its name. */
  id: string;
  vpc: string;
  /** Public ones, which are paid for beside it. */
  addresses?: number;
  /** Milliseconds since 1970. */
  since?: number;
}

/** An address in each zone, of which a load balancer has one subnet. */
const detailOf = (scheme: string | undefined, zones: number, made: Date | undefined) => ({
  addresses: scheme === 'internet-facing' ? zones : 0,
  ...(made && { since: made.getTime() }),
});

interface Page<Row> {
  rows: Row[];
  next?: string | undefined;
}

async function all<Row>(ask: (Marker?: string) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  let marker: string | undefined;
  do {
    const page = await ask(marker);
    rows.push(...page.rows);
    marker = page.next;
  } while (marker !== undefined && marker !== '');
  return rows;
}

const BALANCERS = 'list load balancers';

const newer = (aws: Aws) =>
  all(async Marker => {
    const make = { Marker };
    const { LoadBalancers = [], NextMarker } = await aws.call(
      'elasticloadbalancing',
      BALANCERS,
      sdk => new sdk.DescribeLoadBalancersCommand(make),
    );
    const rows = LoadBalancers.map(
      ({ LoadBalancerArn: id = '', VpcId: vpc = '', Scheme, AvailabilityZones = [], CreatedTime }): Balancer => ({
        ...{ kind: 'load balancer', id, vpc },
        ...detailOf(Scheme, AvailabilityZones.length, CreatedTime),
      }),
    );
    return { rows, next: NextMarker };
  });

/** What Kubernetes makes on AWS for a Service without a controller for anything newer. */
const classic = (aws: Aws) =>
  all(async Marker => {
    const { LoadBalancerDescriptions = [], NextMarker } = await aws.call(
      'elasticloadbalancing/classic',
      BALANCERS,
      sdk => new sdk.DescribeLoadBalancersCommand({ Marker }),
    );
    const rows = LoadBalancerDescriptions.map(
      ({ LoadBalancerName: id = '', VPCId: vpc = '', Scheme, Subnets = [], CreatedTime }): Balancer => ({
        ...{ kind: 'classic load balancer', id, vpc },
        ...detailOf(Scheme, Subnets.length, CreatedTime),
      }),
    );
    return { rows, next: NextMarker };
  });

const groups = (aws: Aws) =>
  all(async Marker => {
    const { TargetGroups = [], NextMarker } = await aws.call(
      'elasticloadbalancing',
      'list target groups',
      sdk => new sdk.DescribeTargetGroupsCommand({ Marker }),
    );
    const rows = TargetGroups.map(
      ({ TargetGroupArn: id = '', VpcId: vpc = '' }): Balancer => ({ kind: 'target group', id, vpc }),
    );
    return { rows, next: NextMarker };
  });

/** All of the account and region with their tags, or those in one VPC: no list of them can be asked for by tag. */
export async function balancersOf(aws: Aws, vpc?: string): Promise<Balancer[]> {
  const found = (await Promise.all([newer(aws), classic(aws), groups(aws)])).flat();
  const some = found.filter(one => vpc === undefined || one.vpc === vpc);
  const isClassic = ({ kind }: Balancer) => kind === 'classic load balancer';
  const tagged = await Promise.all([
    ...batches(some.filter(one => !isClassic(one))).map(batch => withTags(aws, batch, 'elasticloadbalancing')),
    ...batches(some.filter(isClassic)).map(batch => withTags(aws, batch, 'elasticloadbalancing/classic')),
  ]);
  return tagged.flat();
}

/** "You can specify up to 20 resources in a single call." */
const MOST = 20;
const batches = (list: readonly Balancer[]): Balancer[][] =>
  Array.from({ length: Math.ceil(list.length / MOST) }, (_, n) => list.slice(n * MOST, (n + 1) * MOST));

type Kind = 'elasticloadbalancing' | 'elasticloadbalancing/classic';

/** One that went meanwhile makes AWS refuse the whole batch: then each is asked for by itself. */
async function withTags(aws: Aws, batch: Balancer[], service: Kind): Promise<Balancer[]> {
  const ids = batch.map(({ id }) => id);
  try {
    const tags = await tagsOf(aws, ids, service);
    return batch.map(one => ({ ...one, Tags: tags.get(one.id) ?? [] }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    if (batch.length === 1) return [];
    return (await Promise.all(batch.map(one => withTags(aws, [one], service)))).flat();
  }
}

async function tagsOf(aws: Aws, ids: string[], service: Kind): Promise<Map<string, Tagged['Tags']>> {
  const what = 'look whose load balancers they are';
  if (service === 'elasticloadbalancing') {
    const make = { ResourceArns: ids };
    const { TagDescriptions = [] } = await aws.call(service, what, sdk => new sdk.DescribeTagsCommand(make));
    return new Map(TagDescriptions.map(({ ResourceArn = '', Tags }) => [ResourceArn, Tags]));
  }
  const make = { LoadBalancerNames: ids };
  const { TagDescriptions = [] } = await aws.call(service, what, sdk => new sdk.DescribeTagsCommand(make));
  return new Map(TagDescriptions.map(({ LoadBalancerName = '', Tags }) => [LoadBalancerName, Tags]));
}

/** Gone, or going: AWS takes a second order for it too. */
export async function removeBalancer(aws: Aws, { kind, id }: Pick<Balancer, 'kind' | 'id'>): Promise<void> {
  const what = `remove the ${kind} ${id}`;
  const again = { again: true };
  if (kind === 'classic load balancer') {
    const make = { LoadBalancerName: id };
    await aws.call('elasticloadbalancing/classic', what, sdk => new sdk.DeleteLoadBalancerCommand(make), again);
  } else if (kind === 'target group') {
    const make = { TargetGroupArn: id };
    await aws.call('elasticloadbalancing', what, sdk => new sdk.DeleteTargetGroupCommand(make), again);
  } else {
    const make = { LoadBalancerArn: id };
    await aws.call('elasticloadbalancing', what, sdk => new sdk.DeleteLoadBalancerCommand(make), again);
  }
}
