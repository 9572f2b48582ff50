import { partition } from '../../aws/index.ts';
import type { AnyStep, Ctx, Decision } from '../../engine/index.ts';
import { isOpsError, OpsError, oneLine } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import { kubeconfigServer } from '../kubeconfig/file.ts';
import { isPrincipal } from './caller.ts';
import { describeCluster } from './observe.ts';
import { changes, clusterName, type Eks, known } from './site.ts';
import { after, eksStep } from './step.ts';

const WHAT = 'see that the cluster lets us in';

/** Read by nobody but who may do everything: the roles view and edit see no bindings of the cluster. */
const FOR_ADMINS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?limit=1';

interface EnterFacts {
  /** The kubeconfig leads to it. false: it is not written yet, or leads elsewhere. */
  way: boolean;
}

/** eks.access, of a cluster of another hand: who runs muster is let in by it, and may do everything. muster lets nobody in. */
export const enterStep = (eks: Eks): AnyStep =>
  eksStep<object, EnterFacts>(eks, {
    id: 'eks.access',
    title: `Enter the cluster ${clusterName(eks)}`,
    want: {},
    needs: after('eks.kubeconfig'),
    deadline: minutes(5),
    nothing: { way: false },
    observe: ctx => enter(eks, ctx),
    decide: decideEnter,
    act: (_, ctx) => enter(eks, ctx),
  });

export const decideEnter = (_: object | undefined, { way }: EnterFacts): Decision =>
  changes(way ? [] : [known({ action: 'run', what: WHAT })], 'we may do everything in it');

async function enter(eks: Eks, ctx: Ctx): Promise<EnterFacts> {
  const cluster = await describeCluster(eks);
  const { project } = ctx.run.dirs;
  if (cluster?.endpoint === undefined || (await kubeconfigServer(project, eks.site.name)) !== cluster.endpoint)
    return { way: false };
  try {
    await (await ctx.cluster(eks.site.name)).raw(FOR_ADMINS);
    return { way: true };
  } catch (error) {
    if (isOpsError(error, 'CLUSTER_UNREACHABLE')) {
      const { endpointPublicAccess, publicAccessCidrs = [] } = cluster.resourcesVpcConfig ?? {};
      const from = endpointPublicAccess ? `reached from ${publicAccessCidrs.join(', ')}` : 'reached from its VPC only';
      throw notLetIn(eks, `its endpoint is ${from}, and does not answer this computer`, {
        hint: 'run muster where it is reached, or have whoever made the cluster open it to your address',
        cause: error,
      });
    }
    if (!isOpsError(error, 'CLUSTER_REFUSED') || !/: 40[13] /.test(error.message)) throw error;
    throw await refused(eks, cluster.accessConfig?.authenticationMode, error);
  }
}

const notLetIn = ({ want }: Eks, why: string, more: { hint: string; details?: string[]; cause: unknown }) =>
  new OpsError('EKS_NO_ACCESS', `cannot enter the cluster ${want.existing}: ${why}`, more);

/** 401: it knows nothing of us; 403: it does, and lets us do too little. */
async function refused(eks: Eks, mode: string | undefined, cause: OpsError): Promise<OpsError> {
  const { aws, cloud, want } = eks;
  const { arn, account } = await aws.caller();
  const principal = want.admins.find(admin => isPrincipal({ arn, account }, admin)) ?? principalOf(arn, account);
  const of = `--cluster-name ${want.existing} --principal-arn ${principal} --region ${cloud.region}`;
  const policy = `arn:${partition(cloud.region)}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`;
  const byConfigMap =
    mode === 'CONFIG_MAP'
      ? [
          `aws eks update-cluster-config --name ${want.existing} --access-config authenticationMode=API_AND_CONFIG_MAP --region ${cloud.region}`,
        ]
      : [];
  return notLetIn(eks, `it refuses ${arn} (${oneLine(cause).replace(/^.*: (40[13] )/, '$1')})`, {
    hint: `whoever made it types, once: aws eks create-access-entry ${of}`,
    details: [
      ...byConfigMap,
      `aws eks create-access-entry ${of}`,
      `aws eks associate-access-policy ${of} --policy-arn ${policy} --access-scope type=cluster`,
    ],
    cause,
  });
}

/** A session tells its role without the path, which an access entry wants: 'arn:aws:sts::1:assumed-role/platform/ada'. */
const principalOf = (arn: string, account: string): string =>
  arn.replace(/^arn:([^:]+):sts::[0-9]{12}:assumed-role\/([^/]+)\/.*$/, `arn:$1:iam::${account}:role/$2`);
