import type { Cluster } from '@aws-sdk/client-eks';
import type { ControlPlane } from '../../cost/index.ts';
import { TAG } from '../../host/ec2/tags.ts';
import type { ClusterFacts, ClusterSeen } from './decide.ts';
import { foreign, unlessAbsent } from './patience.ts';
import { clusterName, type Eks } from './site.ts';
import { mustBeNext, mustBeOffered, mustHaveFollowed, offeredVersions } from './version.ts';

/** As EKS answers; undefined: there is none of this name. */
export async function describeCluster(eks: Eks): Promise<Cluster | undefined> {
  const name = clusterName(eks);
  const make = `look at the cluster ${name}`;
  const answer = await unlessAbsent(eks.aws.call('eks', make, sdk => new sdk.DescribeClusterCommand({ name })));
  return answer?.cluster;
}

/** The site's own control plane, as the bill sees it; undefined: there is none. */
export async function madePlane(eks: Eks): Promise<{ since?: Date | undefined; plane: ControlPlane } | undefined> {
  const found = await describeCluster(eks);
  const seen = found && clusterSeen(found, eks.site.name);
  if (!seen?.ours) return undefined;
  const { version } = seen;
  const policy = found?.upgradePolicy?.supportType;
  // Where EKS does not say, a file does.
  const offered = await offeredVersions(eks.aws).catch(() => []);
  const until = offered.find(other => other.version === version)?.until;
  return { since: found?.createdAt, plane: { version, ...(policy && { policy }), ...(until && { until }) } };
}

/** Errors: AWS_FOREIGN; EKS_VERSION before anything is made or upgraded that EKS would refuse, or that costs more. */
export async function observeCluster(eks: Eks, removing: boolean): Promise<ClusterFacts> {
  const name = clusterName(eks);
  const found = await describeCluster(eks);
  const cluster = found && clusterSeen(found, eks.site.name);
  if (removing) return { name, ...(cluster && { cluster }) };
  if (cluster && !cluster.ours) throw foreign(`cluster ${name}`);
  if (cluster?.version !== eks.want.version) mustBeOffered(eks.want.version, await offeredVersions(eks.aws));
  if (cluster && cluster.version !== eks.want.version) {
    mustBeNext(cluster.version, eks.want.version);
    mustHaveFollowed(cluster.version, await groups(eks));
  }
  if (cluster) return { name, cluster };
  const network = await eks.network();
  return { name, ...(network && { network: network.vpc }) };
}

function clusterSeen(cluster: Cluster, site: string): ClusterSeen {
  const { status = '', version = '', tags = {}, resourcesVpcConfig = {}, upgradePolicy, health } = cluster;
  return {
    status,
    version,
    ours: tags[TAG.site] === site,
    endpoint: {
      public: resourcesVpcConfig.endpointPublicAccess === true,
      private: resourcesVpcConfig.endpointPrivateAccess === true,
      access: [...(resourcesVpcConfig.publicAccessCidrs ?? [])].sort(),
    },
    support: upgradePolicy?.supportType ?? '',
    issues: (health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`),
  };
}

export async function groupNames(eks: Eks): Promise<string[]> {
  const clusterName_ = clusterName(eks);
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const make = { clusterName: clusterName_, nextToken };
    const what = `list the node groups of ${clusterName_}`;
    const page = await unlessAbsent(eks.aws.call('eks', what, sdk => new sdk.ListNodegroupsCommand(make)));
    names.push(...(page?.nodegroups ?? []));
    nextToken = page?.nextToken;
  } while (nextToken);
  return names.sort();
}

async function groups(eks: Eks): Promise<{ name: string; version: string; status: string }[]> {
  const names = await groupNames(eks);
  return Promise.all(
    names.map(async name => {
      const make = { clusterName: clusterName(eks), nodegroupName: name };
      const what = `look at the node group ${name}`;
      const found = await unlessAbsent(eks.aws.call('eks', what, sdk => new sdk.DescribeNodegroupCommand(make)));
      return { name, version: found?.nodegroup?.version ?? '', status: found?.nodegroup?.status ?? '' };
    }),
  );
}

/** Machines that pods can run on: a group that is being made, or could not be, has none. */
export const hasNodes = async (eks: Eks): Promise<boolean> =>
  (await groups(eks)).some(({ status }) => /^(ACTIVE|UPDATING|DEGRADED)$/.test(status));
