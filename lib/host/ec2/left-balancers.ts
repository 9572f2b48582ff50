import { isAws } from '../../aws/index.ts';
import type { Change, Ctx, Decision } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import { type Balancer, balancersOf, removeBalancer } from './balancers.ts';
import { patiently, until } from './patience.ts';
import { after, type Cloud, changes, done, leftStep, unknown } from './step.ts';
import { isOfCluster, TAG, tagOf } from './tags.ts';

/** Those in the site's network; undefined: nobody looked. */
export interface BalancerFacts {
  /** That bear the tags of the site's cluster. */
  ours?: Pick<Balancer, 'kind' | 'id'>[];
  /** Of whom nothing says that they are: named, never removed. Of a network that was brought: none of our business. */
  others?: Pick<Balancer, 'kind' | 'id'>[];
}

/**
 * ec2.balancers: nothing of its own while the site stands. In a removal, what Kubernetes left in the network goes before it:
 * a load balancer stands in the subnets, and they go no sooner.
 * @param needs steps that make the network.
 */
export const balancersStep = (cloud: Cloud, needs: readonly string[]) =>
  leftStep<BalancerFacts>(cloud, {
    id: 'ec2.balancers',
    title: 'Remove load balancers that Kubernetes left',
    needs: after(...needs),
    look: () => observe(cloud),
    decide: decideBalancers,
    changes: ['interfaces'],
    apply: (change, ctx) => apply(cloud, change, ctx),
  });

async function observe({ aws, view, site }: Cloud): Promise<BalancerFacts> {
  const [vpc] = await view.see('vpcs');
  if (vpc?.VpcId === undefined) return {};
  const made = tagOf(vpc, TAG.site) === site.name;
  const found = await balancersOf(aws, vpc.VpcId);
  const named = (list: Balancer[]) => list.map(({ kind, id }) => ({ kind, id }));
  return {
    ours: named(found.filter(one => isOfCluster(one, site.name))),
    // A target group holds nothing.
    others: named(found.filter(one => made && one.kind !== 'target group' && !isOfCluster(one, site.name))),
  };
}

const nameOf = ({ kind, id }: Pick<Balancer, 'kind' | 'id'>) => `${kind} ${id}`;

export function decideBalancers(want: object | undefined, { ours = [], others = [] }: BalancerFacts): Decision {
  if (want !== undefined) return done('nothing of its own');
  if (others.length > 0)
    return unknown(
      `in the network there is ${others.map(nameOf).join(', ')}, and nothing says that it is the site's: remove it, or tag it`,
    );
  // What it leads to goes after it.
  const groupsLast = [...ours].sort((a, b) => Number(a.kind === 'target group') - Number(b.kind === 'target group'));
  if (ours.length === 0) return done('there are none');
  return changes(...groupsLast.map(one => ({ action: 'delete', what: nameOf(one) }) as const));
}

async function apply(cloud: Cloud, change: Change, ctx: Ctx): Promise<unknown> {
  const { aws } = cloud;
  const gone = (await observe(cloud)).ours?.find(one => nameOf(one) === change.what);
  if (!gone) return;
  // A target group is held by what leads to it, and that goes in its own time.
  const held = (error: unknown) => isAws(error, 'ResourceInUse', 'ResourceInUseException');
  await patiently(`${change.what} let go`, () => removeBalancer(aws, gone), ctx, held, minutes(3));
  const left = async () => ((await balancersOf(aws)).some(({ id }) => id === gone.id) ? undefined : true);
  return until(`${change.what} gone`, minutes(5), left, ctx, 'still in the list');
}
