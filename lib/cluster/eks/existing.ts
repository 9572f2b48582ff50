import type { Cluster } from '@aws-sdk/client-eks';
import type { AnyStep, Decision } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { TAG } from '../../host/ec2/tags.ts';
import { minutes } from '../../time/index.ts';
import { type ClusterFacts, clusterFacts } from '../k3s/nodes.ts';
import { decideMissing, readyStep } from '../ready.ts';
import { AWAIT } from './decide.ts';
import { enterStep } from './enter.ts';
import { kubeconfigStep } from './kubeconfig.ts';
import { describeCluster } from './observe.ts';
import { until } from './patience.ts';
import { changes, clusterName, done, type Eks, known } from './site.ts';
import { after, eksStep } from './step.ts';

/** A cluster of another hand: looked at, entered, and left as it is. */
export const existingSteps = (eks: Eks): AnyStep[] => [
  seeStep(eks),
  kubeconfigStep(eks, after('eks.cluster')),
  enterStep(eks),
  existingReadyStep(eks),
];

/** EKS may be making it, or upgrading it for whoever it belongs to. */
const BUSY = minutes(60);

interface SeenFacts {
  name: string;
  /** EKS's word; undefined: nobody could be asked. */
  status?: string;
  version?: string;
}

/** eks.cluster, of another hand: it is the one that the inventory means, and it stands. */
const seeStep = (eks: Eks): AnyStep =>
  eksStep<object, SeenFacts>(eks, {
    id: 'eks.cluster',
    title: `See the cluster ${clusterName(eks)}, which is another hand's`,
    want: { version: eks.want.version },
    needs: eks.networkNeeds,
    deadline: BUSY,
    nothing: { name: clusterName(eks) },
    observe: () => seen(eks),
    decide: decideSeen,
    act: (_, ctx) =>
      until(ctx, `cluster ${clusterName(eks)} to be ACTIVE`, BUSY, async () => {
        const { status = '' } = await seen(eks);
        return status === 'ACTIVE' ? { value: undefined } : { saw: status };
      }),
  });

export function decideSeen(_: object | undefined, { name, status, version }: SeenFacts): Decision {
  if (status === undefined || status === 'ACTIVE') return done(`${name} is ACTIVE, Kubernetes ${version}`);
  return changes([known({ action: 'run', what: AWAIT, from: status, to: 'ACTIVE' })], '');
}

async function seen(eks: Eks): Promise<SeenFacts> {
  const found = await describeCluster(eks);
  const { status = '', version = '' } = usable(eks, found);
  return { name: clusterName(eks), status, version };
}

/** Errors: EKS_EXISTING, EKS_VERSION: another one than the inventory means. */
export function usable({ want, cloud, site }: Pick<Eks, 'want' | 'cloud' | 'site'>, found?: Cluster): Cluster {
  const name = want.existing ?? '';
  const { vpc } = cloud.network;
  const refuse = (why: string, hint: string, details: string[] = []) =>
    new OpsError('EKS_EXISTING', `cannot work in the cluster ${name}: ${why}`, { hint, details });
  if (!found)
    throw refuse(
      `account ${cloud.account} has none of this name in ${cloud.region}`,
      `aws eks list-clusters --region ${cloud.region}; then cluster.existing or provider.region in the inventory`,
    );
  const owner = found.tags?.[TAG.site];
  if (owner !== undefined)
    throw refuse(
      `muster made it, for the site ${owner}`,
      owner === site.name ? 'take cluster.existing out of the inventory' : `work with that site: --site ${owner}`,
    );
  const { status = '', version, health, resourcesVpcConfig: { vpcId = 'no VPC' } = {} } = found;
  if (/^(DELETING|FAILED)$/.test(status))
    throw refuse(
      `it is ${status}`,
      'whoever made it has to make it work again',
      (health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`),
    );
  if (vpcId !== vpc) throw refuse(`it is in ${vpcId}, expected ${vpc}`, `provider.network.vpc: ${vpcId}`);
  if (version !== want.version)
    throw new OpsError(
      'EKS_VERSION',
      `cannot work in the cluster ${name}: it runs Kubernetes ${version}, expected ${want.version}`,
      { hint: `cluster.version: '${version}' in the inventory: muster upgrades no cluster of another hand` },
    );
  return found;
}

/**
 * The API is ready, and there is a node to run on. How many there are, and what else runs on them, is its owner's: a workload of
 * theirs that is broken keeps nobody from a backup.
 */
const existingReadyStep = (eks: Eks): AnyStep =>
  readyStep<object, { cluster: ClusterFacts }>(eks.site, {
    want: { existing: clusterName(eks) },
    needs: after('eks.access'),
    deadline: minutes(10),
    observe: async ctx => ({ cluster: await clusterFacts(ctx) }),
    missing: (_, { cluster }) => notReady(cluster),
    decide: (_, facts) =>
      decideMissing(facts ? notReady(facts.cluster) : [], 'it answers, and has nodes that are Ready'),
  });

const notReady = (cluster: ClusterFacts): string[] => {
  if (!cluster.answers) return [cluster.why];
  return cluster.nodes.some(({ ready }) => ready) ? [] : [`none of its ${cluster.nodes.length} nodes is Ready`];
};
