import type { Resource } from '../provider.ts';
import { stateOf } from './instances.ts';
import { roleOf, TAG, type Tagged, tagOf } from './tags.ts';
import type { Kind, View } from './view.ts';

/** What one thing is called in the report of a leak. */
const IDS: Readonly<Record<string, string>> = {
  vpcs: 'VpcId',
  subnets: 'SubnetId',
  gateways: 'InternetGatewayId',
  tables: 'RouteTableId',
  nats: 'NatGatewayId',
  groups: 'GroupId',
  keys: 'KeyPairId',
  instances: 'InstanceId',
  addresses: 'AllocationId',
  volumes: 'VolumeId',
  snapshots: 'SnapshotId',
  interfaces: 'NetworkInterfaceId',
  templates: 'LaunchTemplateId',
};

const WORDS: Readonly<Record<string, string>> = {
  vpcs: 'VPC',
  subnets: 'subnet',
  gateways: 'internet gateway',
  tables: 'route table',
  nats: 'NAT gateway',
  groups: 'security group',
  keys: 'key pair',
  instances: 'machine',
  addresses: 'address',
  volumes: 'volume',
  snapshots: 'snapshot',
  interfaces: 'network interface',
  templates: 'launch template',
};

export const LEAK_KINDS = Object.keys(IDS) as Kind[];

/** AWS shows machines and NAT gateways for an hour after their end; one that failed ends by itself. */
export const isOver = (row: object): boolean => {
  const { State, NatGatewayId } = row as { State?: unknown; NatGatewayId?: string };
  if (State === 'failed') return NatGatewayId !== undefined;
  return State === 'deleted' || (typeof State === 'object' && stateOf(row as never) === 'terminated');
};

/**
 * Everything in AWS that bears the site's tag, or that Kubernetes made for its cluster. Throws when it cannot tell.
 * @param ours of such, which are the site's: where the cluster is another hand's, so is what Kubernetes made.
 */
export async function taggedResources(view: View, ours: (row: Tagged) => boolean = () => true): Promise<Resource[]> {
  const found = await Promise.all(
    LEAK_KINDS.map(async kind => {
      const rows = (await view.look(kind)) as unknown as (Tagged & Record<string, unknown>)[];
      return rows
        .filter(row => !isOver(row) && isMade(kind, row) && ours(row))
        .map(row => ({ kind: WORDS[kind] ?? kind, id: String(row[IDS[kind] ?? '']), detail: detailOf(row) }));
    }),
  );
  return found.flat();
}

/** A network that was brought is listed by its ids, and is not ours. */
const isMade = (kind: Kind, row: Tagged) =>
  (kind !== 'vpcs' && kind !== 'subnets') || tagOf(row, TAG.site) !== undefined;

function detailOf(row: Tagged): string {
  const made = roleOf(row) || 'made by Kubernetes';
  const run = tagOf(row, TAG.run);
  return run === undefined ? made : `${made}, of run ${run}`;
}
