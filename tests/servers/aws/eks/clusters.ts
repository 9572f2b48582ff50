import { randomBytes } from 'node:crypto';
import type {
  Cluster,
  CreateClusterRequest,
  DeleteClusterRequest,
  DescribeClusterRequest,
  ListClustersRequest,
  UpdateClusterConfigRequest,
  UpdateClusterVersionRequest,
} from '@aws-sdk/client-eks';
import { makeInterface, removeInterface } from '../ec2/network-interfaces.ts';
import { makeGroup } from '../ec2/security-groups.ts';
import { ec2Of } from '../ec2/state.ts';
import { rolesOf, trusts } from '../iam/state.ts';
import type { Call, Rules } from '../service.ts';
import { isOffered, minor, VERSIONS } from './catalog.ts';
import { checkNetwork, endpoint } from './network.ts';
import {
  arn,
  type ClusterRecord,
  doneBefore,
  eksOf,
  inUse,
  invalid,
  need,
  needActive,
  newRecord,
  notFound,
  overQuota,
  page,
  remember,
  sameUpdate,
  startUpdate,
} from './state.ts';

/** How long EKS does not know a role that IAM has just made. "IAM eventual consistency". */
const ROLE_LAG = 200;

/** A role that a service can take on: there, known to EKS by now, and with the right trust. */
export function mustAssume(roleArn: string | undefined, service: string, actions: readonly string[], call: Call) {
  const name = (roleArn ?? '').replace(/^.*\//, '');
  const found = rolesOf(call.world, call.account).get(name);
  const known = found?.arn === roleArn && found?.madeAt !== undefined && found.madeAt + ROLE_LAG <= call.world.now();
  if (!found || !known || !trusts(found, service, actions))
    throw invalid(
      `Role with arn: ${roleArn}, could not be assumed because it does not exist or the trusted entity is not correct`,
    );
  return found;
}

export const clusterRules: Rules = {
  CreateCluster(input: CreateClusterRequest, call): object {
    const { name = '', version = '1.35', roleArn, resourcesVpcConfig = {}, tags = {}, clientRequestToken } = input;
    const { accessConfig = {}, upgradePolicy, bootstrapSelfManagedAddons = true } = input;
    // "name: Maximum length of 100. Pattern: ^[0-9A-Za-z][A-Za-z0-9\-_]*"
    if (!/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name)) throw invalid(`Invalid cluster name ${name}`);
    if (doneBefore(input, call)) return { cluster: eksOf(call).clusters.get(name)?.cluster };
    if (eksOf(call).clusters.get(name)) throw inUse(`Cluster already exists with name: ${name}`);
    const { clusters: most } = call.world.faults.quotas;
    if (eksOf(call).clusters.all().length >= most)
      throw overQuota(`Account has reached its limit of ${most} clusters in this region`);
    if (!isOffered(version)) throw invalid(`unsupported Kubernetes version ${version}`);
    // supportType STANDARD: "a cluster can't be created with a version that is in extended support".
    const offered = VERSIONS.find(each => each.clusterVersion === version);
    const supportType = upgradePolicy?.supportType ?? 'EXTENDED';
    if (supportType === 'STANDARD' && offered?.versionStatus !== 'STANDARD_SUPPORT')
      throw invalid(`Cluster version ${version} is in extended support, and the upgrade policy is STANDARD`);
    mustAssume(roleArn, 'eks.amazonaws.com', ['sts:AssumeRole'], call);
    const network = checkNetwork(resourcesVpcConfig, call);
    const { authenticationMode = 'CONFIG_MAP', bootstrapClusterCreatorAdminPermissions = true } = accessConfig;
    const state = ec2Of(call);
    const sg = makeGroup(
      `eks-cluster-sg-${name}-${randomBytes(4).readUInt32BE()}`,
      'EKS created security group',
      network.vpcId,
      state,
    );
    const groupId = sg.GroupId ?? '';
    const interfaces = network.subnets.map(subnet =>
      makeInterface({ subnet, groups: [groupId], description: `Amazon EKS ${name}` }, state),
    );
    const id = randomBytes(16).toString('hex').toUpperCase();
    const cluster: Cluster = {
      ...{ name, arn: arn(call, `cluster/${name}`), version, roleArn, status: 'CREATING', tags: { ...tags } },
      ...{ createdAt: new Date(call.world.now()), platformVersion: 'eks.4', clientRequestToken },
      resourcesVpcConfig: {
        ...{ subnetIds: resourcesVpcConfig.subnetIds, securityGroupIds: [], clusterSecurityGroupId: groupId },
        ...{ vpcId: network.vpcId, ...endpoint(resourcesVpcConfig) },
      },
      accessConfig: { authenticationMode, bootstrapClusterCreatorAdminPermissions },
      upgradePolicy: { supportType },
      health: { issues: [] },
    };
    const inVpc = {
      group: groupId,
      interfaces: interfaces.map(each => each.NetworkInterfaceId ?? ''),
      ofGroup: new Map(),
    };
    const record = newRecord(cluster, inVpc, call.world);
    eksOf(call).clusters.add(name, record);
    remember(clientRequestToken, call);
    void bootstrapSelfManagedAddons;
    call.world.later(call.world.settleMs, () => activate(record, id, call));
    return { cluster };
  },

  DescribeCluster: ({ name }: DescribeClusterRequest, call) => ({ cluster: need(name, call).cluster }),

  ListClusters({ maxResults, nextToken }: ListClustersRequest, call): object {
    const names = eksOf(call)
      .clusters.listed()
      .flatMap(({ cluster }) => cluster.name ?? []);
    const { page: clusters, ...more } = page(names.sort(), maxResults, nextToken, call);
    return { clusters, ...more };
  },

  // One kind of setting a request; one update at a time; and nothing that is so already (UpdateClusterConfig).
  UpdateClusterConfig(input: UpdateClusterConfigRequest, call): object {
    const { name, resourcesVpcConfig, upgradePolicy } = input;
    if (doneBefore(input, call)) return { update: sameUpdate(need(name, call)) };
    const record = needActive(name, call);
    const { cluster } = record;
    // Assumed: each kind of update has a type of its own (UpdateType).
    if ((resourcesVpcConfig === undefined) === (upgradePolicy === undefined))
      throw invalid('Exactly one kind of configuration can be updated at a time');
    if (upgradePolicy) {
      // Assumed, as for endpoints: eksctl-io/eksctl#4043.
      if (cluster.upgradePolicy?.supportType === upgradePolicy.supportType)
        throw invalid(`Cluster is already at the desired configuration with supportType: ${upgradePolicy.supportType}`);
      const update = startUpdate(record, 'UpgradePolicyUpdate', call, cluster, () => {
        cluster.upgradePolicy = { supportType: upgradePolicy.supportType };
      });
      return { update };
    }
    const now = { ...cluster.resourcesVpcConfig };
    const next = endpoint({ ...now, ...resourcesVpcConfig });
    const same = (a: string[] = [], b: string[] = []) => [...a].sort().join() === [...b].sort().join();
    // Observed by others: eksctl-io/eksctl#4043.
    if (
      now.endpointPublicAccess === next.endpointPublicAccess &&
      now.endpointPrivateAccess === next.endpointPrivateAccess &&
      same(now.publicAccessCidrs, next.publicAccessCidrs)
    )
      throw invalid('Cluster is already at the desired configuration');
    const update = startUpdate(record, 'EndpointAccessUpdate', call, cluster, () => {
      cluster.resourcesVpcConfig = { ...now, ...next };
    });
    return { update };
  },

  UpdateClusterVersion(input: UpdateClusterVersionRequest, call): object {
    const { name, version = '' } = input;
    if (doneBefore(input, call)) return { update: sameUpdate(need(name, call)) };
    const record = needActive(name, call);
    const from = record.cluster.version ?? '';
    if (!isOffered(version)) throw invalid(`unsupported Kubernetes version ${version}`);
    // Assumed: an update to what is there.
    if (from === version) throw invalid(`Cluster is already at version ${version}`);
    // "you can update only one minor version at a time".
    if (minor(version) !== minor(from) + 1)
      throw invalid(`Unsupported Kubernetes minor version update from ${from} to ${version}`);
    const update = startUpdate(record, 'VersionUpdate', call, record.cluster, () => {
      record.cluster.version = version;
    });
    return { update };
  },

  // "If you have node groups ... you must delete them before you can delete the cluster": ResourceInUseException.
  DeleteCluster({ name = '' }: DeleteClusterRequest, call): object {
    const record = need(name, call);
    const { cluster, nodegroups, inVpc } = record;
    if (nodegroups.all().length > 0) throw inUse('Cluster has nodegroups attached');
    if (cluster.status === 'UPDATING' || cluster.status === 'CREATING')
      throw inUse(`Cluster ${name} is in status ${cluster.status}`);
    if (cluster.status !== 'DELETING') {
      cluster.status = 'DELETING';
      call.world.later(call.world.settleMs, async () => {
        await call.world.kubernetes?.stop(cluster);
        const state = ec2Of(call);
        for (const id of inVpc.interfaces) removeInterface(id, state);
        state.securityGroups.remove(inVpc.group);
        for (const rule of state.securityGroupRules.all())
          if (rule.GroupId === inVpc.group) state.securityGroupRules.remove(rule.SecurityGroupRuleId ?? '');
        eksOf(call).clusters.remove(name);
      });
    }
    return { cluster };
  },

  DescribeUpdate(
    {
      name,
      updateId = '',
      nodegroupName,
      addonName,
    }: { name?: string; updateId?: string; nodegroupName?: string; addonName?: string },
    call,
  ): object {
    void [nodegroupName, addonName];
    const update = need(name, call).updates.get(updateId);
    if (!update) throw notFound(`No update found for ID: ${updateId}`);
    return { update };
  },
};

async function activate({ cluster }: ClusterRecord, id: string, call: Call): Promise<void> {
  const server = await call.world.kubernetes?.start(cluster, call);
  cluster.endpoint = server?.endpoint ?? `https://${id}.gr7.${call.region}.eks.amazonaws.com`;
  cluster.certificateAuthority = { data: server?.ca ?? Buffer.from('no certificate').toString('base64') };
  cluster.identity = { oidc: { issuer: `https://oidc.eks.${call.region}.amazonaws.com/id/${id}` } };
  cluster.status = 'ACTIVE';
}
