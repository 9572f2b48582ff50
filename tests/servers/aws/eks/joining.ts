import type { Issue, Nodegroup } from '@aws-sdk/client-eks';
import { ec2Of } from '../ec2/state.ts';
import { rolesOf } from '../iam/state.ts';
import type { Call } from '../service.ts';
import type { ClusterRecord } from './state.ts';

/** "Nodegroup Issue": what keeps nodes from joining. */
export function troubleOf(record: ClusterRecord, group: Nodegroup, call: Call): Issue | undefined {
  const { noCapacity } = call.world.faults;
  const type = record.launches.get(group.nodegroupName ?? '')?.InstanceType ?? '';
  if (noCapacity.has(type) || noCapacity.has(call.region))
    return {
      code: 'AsgInstanceLaunchFailures',
      message: `Could not launch On-Demand Instances. InsufficientInstanceCapacity - ${type}`,
    };
  const role = rolesOf(call.world, call.account).get((group.nodeRole ?? '').replace(/^.*\//, ''));
  const has = (name: string) => [...(role?.policies ?? [])].some(policy => policy.endsWith(`/${name}`));
  const network = record.addons.all().some(({ addonName, status }) => addonName === 'vpc-cni' && status === 'ACTIVE');
  const plugin = record.associations.all().some(({ serviceAccount }) => serviceAccount === 'aws-node');
  const mayJoin = has('AmazonEKSWorkerNodePolicy') && has('AmazonEC2ContainerRegistryPullOnly');
  if (!mayJoin || !network || !(plugin || has('AmazonEKS_CNI_Policy')))
    return { code: 'NodeCreationFailure', message: 'Instances failed to join the kubernetes cluster' };
  const closed = (group.subnets ?? []).filter(id => !wayOut(id, call));
  if (closed.length === 0) return undefined;
  return {
    code: 'Ec2SubnetInvalidConfiguration',
    message: `One or more Amazon EC2 Subnets of [${closed}] for node group ${group.nodegroupName} does not automatically assign public IP addresses to instances launched into it.`,
  };
}

/** A node reaches EKS and the registries by a public address, or through a NAT gateway. */
function wayOut(subnetId: string, call: Call): boolean {
  const state = ec2Of(call);
  const subnet = state.subnets.get(subnetId);
  const tables = state.routeTables.all().filter(({ VpcId }) => VpcId === subnet?.VpcId);
  const own = tables.find(table => table.Associations?.some(each => each.SubnetId === subnetId));
  const main = tables.find(table => table.Associations?.some(each => each.Main));
  const routes = (own ?? main)?.Routes ?? [];
  const out = routes.find(
    ({ DestinationCidrBlock, State }) => DestinationCidrBlock === '0.0.0.0/0' && State !== 'blackhole',
  );
  if (out?.NatGatewayId) return true;
  return out?.GatewayId?.startsWith('igw-') === true && subnet?.MapPublicIpOnLaunch === true;
}
