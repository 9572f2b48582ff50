import type { Site } from '../inventory/index.ts';
import type { Demand } from './estimate.ts';

export interface SiteDemand {
  region: string;
  demands: readonly Demand[];
}

const GIB = 2 ** 30;

/** Beside what is counted; nobody knows it before. */
export const NOT_COUNTED =
  'traffic, requests, snapshots, what is stored in buckets, and load balancers and volumes that Kubernetes makes';

/** What a site asks of a cloud, by its inventory alone; undefined: nothing, it runs on what you have already. */
export function demandOf(site: Site): SiteDemand | undefined {
  const { provider, cluster } = site;
  if (provider.kind !== 'ec2') return undefined;
  const { region, network } = provider;
  const managed = cluster.kind === 'eks' ? eksDemands(cluster, network.nat) : [];
  const ways: Demand[] = network.nat
    ? [
        { what: 'NAT gateway', count: 1, kind: 'nat' },
        { what: 'public address of the NAT gateway', count: 1, kind: 'address' },
      ]
    : [];
  return { region, demands: [...site.hosts.flatMap(machineDemands), ...managed, ...ways] };
}

/** A machine in a public subnet has an address, its own or an elastic one: both cost the same. */
const machineDemands = ({ name, instance = '', disk }: Site['hosts'][number]): Demand[] => [
  { what: `machine ${name}: ${instance}`, count: 1, kind: 'instance', type: instance },
  { what: `disk of ${name}: ${disk / GIB} GiB gp3`, count: 1, kind: 'gp3', gib: disk / GIB },
  { what: `public address of ${name}`, count: 1, kind: 'address' },
];

function eksDemands(cluster: Extract<Site['cluster'], { kind: 'eks' }>, nat: boolean): Demand[] {
  const nodes = cluster.nodes.flatMap(({ name, instance, desired, disk }): Demand[] => [
    { what: `node of ${name}: ${instance}`, count: desired, kind: 'instance', type: instance },
    { what: `disk of ${name}: ${disk / GIB} GiB gp3`, count: desired, kind: 'gp3', gib: disk / GIB },
    // Without a NAT gateway nodes reach the world by an address of their own.
    { what: `public address of ${name}`, count: nat ? 0 : desired, kind: 'address' },
  ]);
  return [{ what: 'EKS control plane', count: 1, kind: 'control-plane', support: 'standard' }, ...nodes];
}
