import type {
  CreateNodegroupRequest,
  DeleteNodegroupRequest,
  DescribeNodegroupRequest,
  ListNodegroupsRequest,
  Nodegroup,
  NodegroupScalingConfig,
  Taint,
  UpdateNodegroupConfigRequest,
  UpdateNodegroupVersionRequest,
} from '@aws-sdk/client-eks';
import { instanceTypes } from '../ec2/instance-types.ts';
import { ec2Of } from '../ec2/state.ts';
import { rolesOf } from '../iam/state.ts';
import type { Call, Rules } from '../service.ts';
import { minor } from './catalog.ts';
import { mustAssume } from './clusters.ts';
import { troubleOf } from './joining.ts';
import { drop, launchOf, launchShown, scale } from './machines.ts';
import {
  arn,
  type ClusterRecord,
  doneBefore,
  inUse,
  invalid,
  need,
  needActive,
  notFound,
  overQuota,
  page,
  remember,
  sameUpdate,
  startUpdate,
} from './state.ts';

const seen = (record: ClusterRecord, name: string | undefined): Nodegroup => {
  const found = record.nodegroups.seen(name);
  if (!found) throw notFound(`No node group found for name: ${name}.`);
  return found;
};

function checkScaling({
  minSize = 1,
  maxSize = 2,
  desiredSize = minSize,
}: NodegroupScalingConfig): Required<NodegroupScalingConfig> {
  if (minSize > desiredSize)
    throw invalid(`Minimum capacity ${minSize} can't be greater than desired size ${desiredSize}`);
  if (desiredSize > maxSize) throw invalid(`desired capacity ${desiredSize} can't be greater than max size ${maxSize}`);
  return { minSize, maxSize, desiredSize };
}

/** "Taint": a key of Kubernetes, at most 63 characters; a value, at most 63. */
function checkTaint({ key, value, effect }: Taint): Taint {
  if (key === undefined || effect === undefined || !/^[a-z0-9A-Z./_-]{1,63}$/.test(key))
    throw invalid(`Taint ${key} is not valid`);
  return { key, effect, ...(value !== undefined && { value }) };
}

export const nodegroupRules: Rules = {
  CreateNodegroup(input: CreateNodegroupRequest, call): object {
    const { clusterName, nodegroupName = '', subnets = [], nodeRole, clientRequestToken } = input;
    const { amiType = 'AL2023_x86_64_STANDARD', scalingConfig = {}, tags = {} } = input;
    const record = need(clusterName, call);
    if (doneBefore(input, call)) return { nodegroup: record.nodegroups.get(nodegroupName) };
    needActive(clusterName, call);
    if (record.nodegroups.get(nodegroupName))
      throw inUse(`NodeGroup already exists with name ${nodegroupName} and cluster name ${clusterName}`);
    const { nodegroups: most } = call.world.faults.quotas;
    if (record.nodegroups.all().length >= most)
      throw overQuota(`Cluster ${clusterName} has reached its limit of ${most} managed node groups`);
    const { version = record.cluster.version ?? '' } = input;
    if (minor(version) > minor(record.cluster.version ?? ''))
      throw invalid(`Nodegroup Kubernetes version ${version} can't be newer than the cluster's`);
    const role = mustAssume(nodeRole, 'ec2.amazonaws.com', ['sts:AssumeRole'], call);
    // "You can't use the same role that is used to create any clusters" (NodeRole).
    if (nodeRole === record.cluster.roleArn)
      throw invalid('The role cannot be used because it is the role of the cluster');
    const launch = launchOf(input, call);
    const types = input.instanceTypes ?? [launch.InstanceType ?? ''];
    const wrong = types.find(type => archOf(type) !== (amiType.includes('ARM_64') ? 'arm64' : 'x86_64'));
    if (wrong) throw invalid(`[${wrong}] is not a valid instance type for requested amiType ${amiType}`);
    for (const id of subnets)
      if (!record.cluster.resourcesVpcConfig?.subnetIds?.includes(id) || !ec2Of(call).subnets.get(id))
        throw invalid(`Subnet ${id} is not one of the cluster's`);
    const nodegroup: Nodegroup = {
      ...{ nodegroupName, clusterName, version, releaseVersion: `${version}.3-20261120`, status: 'CREATING', amiType },
      ...{ nodegroupArn: arn(call, `nodegroup/${clusterName}/${nodegroupName}/0`), capacityType: 'ON_DEMAND' },
      ...{
        ...launchShown(input, call),
        scalingConfig: checkScaling(scalingConfig),
        subnets: [...subnets],
        nodeRole,
        ...(input.taints && { taints: input.taints.map(checkTaint) }),
      },
      ...{
        createdAt: new Date(call.world.now()),
        tags: { ...tags },
        health: { issues: [] },
        updateConfig: { maxUnavailable: input.updateConfig?.maxUnavailable ?? 1 },
      },
    };
    record.nodegroups.add(nodegroupName, nodegroup);
    // "The Amazon EKS API creates this launch template either by copying one you provide or by creating one".
    record.launches.set(nodegroupName, launch);
    remember(clientRequestToken, call);
    // EKS makes an instance profile of the role, and lets the nodes in.
    role.profiles.add(`eks-${nodegroupName}`);
    record.entries.add(nodeRole ?? '', {
      entry: {
        clusterName,
        principalArn: nodeRole,
        type: 'EC2_LINUX',
        kubernetesGroups: ['system:nodes'],
        tags: {},
        username: 'system:node:{{EC2PrivateDNSName}}',
      },
      policies: [],
    });
    call.world.later(call.world.settleMs, () => settle(record, nodegroup, call));
    return { nodegroup };
  },

  DescribeNodegroup: ({ clusterName, nodegroupName }: DescribeNodegroupRequest, call) => ({
    nodegroup: seen(need(clusterName, call), nodegroupName),
  }),

  ListNodegroups({ clusterName, maxResults, nextToken }: ListNodegroupsRequest, call): object {
    const names = need(clusterName, call)
      .nodegroups.listed()
      .flatMap(each => each.nodegroupName ?? []);
    const { page: nodegroups, ...more } = page(names.sort(), maxResults, nextToken, call);
    return { nodegroups, ...more };
  },

  UpdateNodegroupConfig(input: UpdateNodegroupConfigRequest, call): object {
    const { clusterName, nodegroupName, scalingConfig } = input;
    const record = need(clusterName, call);
    if (doneBefore(input, call)) return { update: sameUpdate(record) };
    const group = quiet(record, nodegroupName, call);
    if (!scalingConfig) throw invalid('No changes needed for the nodegroup');
    const next = checkScaling({ ...group.scalingConfig, ...scalingConfig });
    const update = startUpdate(record, 'ConfigUpdate', call, group, async () => {
      group.scalingConfig = next;
      await scale(record, group, call);
    });
    return { update };
  },

  UpdateNodegroupVersion(input: UpdateNodegroupVersionRequest, call): object {
    const { clusterName, nodegroupName } = input;
    const record = need(clusterName, call);
    if (doneBefore(input, call)) return { update: sameUpdate(record) };
    const group = quiet(record, nodegroupName, call);
    const version = input.version ?? group.version ?? '';
    if (minor(version) > minor(record.cluster.version ?? ''))
      throw invalid(
        `Nodegroup Kubernetes version ${version} can't be newer than the cluster's ${record.cluster.version}`,
      );
    const update = startUpdate(record, 'VersionUpdate', call, group, () => {
      group.version = version;
      group.releaseVersion = `${version}.3-20261120`;
    });
    return { update };
  },

  DeleteNodegroup({ clusterName, nodegroupName = '' }: DeleteNodegroupRequest, call): object {
    const record = need(clusterName, call);
    const nodegroup = seen(record, nodegroupName);
    if (nodegroup.status === 'UPDATING') throw inUse(`Nodegroup ${nodegroupName} currently has an update in progress`);
    if (nodegroup.status !== 'DELETING') {
      nodegroup.status = 'DELETING';
      call.world.later(call.world.settleMs, async () => {
        await drop(record, nodegroupName, 0, call);
        record.nodegroups.remove(nodegroupName);
        const last = record.nodegroups.all().every(each => each.nodeRole !== nodegroup.nodeRole);
        if (last) record.entries.remove(nodegroup.nodeRole ?? '');
        rolesOf(call.world, call.account)
          .get((nodegroup.nodeRole ?? '').replace(/^.*\//, ''))
          ?.profiles.delete(`eks-${nodegroupName}`);
      });
    }
    return { nodegroup };
  },
};

const archOf = (type: string) => instanceTypes.get(type)?.arch;

function quiet(record: ClusterRecord, name: string | undefined, call: Call): Nodegroup {
  const group = seen(record, name);
  if (group.status === 'ACTIVE' && record.cluster.status === 'ACTIVE') return group;
  throw inUse(`Cannot ${call.operation} because nodegroup ${name} or its cluster is not ACTIVE`);
}

async function settle(record: ClusterRecord, group: Nodegroup, call: Call): Promise<void> {
  const trouble = troubleOf(record, group, call);
  if (trouble) {
    group.status = 'CREATE_FAILED';
    group.health = { issues: [{ ...trouble, resourceIds: [] }] };
    return;
  }
  await scale(record, group, call);
  group.status = 'ACTIVE';
}
