import { isEndpoint } from '../aws/partition.ts';
import { existingCluster, type Site } from '../inventory/index.ts';
import type { Demand } from './estimate.ts';
import type { ControlPlane } from './support.ts';

export interface SiteDemand {
  region: string;
  demands: readonly Demand[];
}

const GIB = 2 ** 30;

/** What of a bill nobody knows before, or that the inventory does not say. */
export function notCounted(site: Site): string {
  const { loadBalancers, volumes, snapshots, store } = site.budget?.expect ?? {};
  const buckets = bucketsOf(site).length;
  const silent = [
    ...(loadBalancers === undefined ? ['load balancers'] : []),
    ...(volumes === undefined ? ['volumes'] : []),
    ...(snapshots === undefined ? ['snapshots'] : []),
    ...(store === undefined && buckets > 0 ? ['what lies in the store'] : []),
  ];
  return [
    `traffic, requests${silent.length > 0 ? `, and without a word of budget.expect ${silent.join(', ')}` : ''}`,
    ...(store !== undefined && buckets === 0 ? ['budget.expect.store: the site has no bucket at AWS'] : []),
  ].join('; ');
}

/**
 * What muster makes for a site, by its inventory alone: nothing in a cluster of another hand, beside which keys and a store cost
 * all the same. undefined: nothing at a cloud, it runs on what you have already.
 */
export function demandOf(site: Site, plane?: ControlPlane): SiteDemand | undefined {
  const { provider, cluster } = site;
  if (provider.kind !== 'ec2') return undefined;
  const { region, network } = provider;
  if (existingCluster(site) !== undefined) return { region, demands: [] };
  const managed = cluster.kind === 'eks' ? eksDemands(cluster, network.nat, plane) : [];
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

function eksDemands(cluster: Extract<Site['cluster'], { kind: 'eks' }>, nat: boolean, seen?: ControlPlane): Demand[] {
  const nodes = cluster.nodes.flatMap(({ name, instance, desired, disk }): Demand[] => [
    { what: `node of ${name}: ${instance}`, count: desired, kind: 'instance', type: instance },
    { what: `disk of ${name}: ${disk / GIB} GiB gp3`, count: desired, kind: 'gp3', gib: disk / GIB },
    // Without a NAT gateway nodes reach the world by an address of their own.
    { what: `public address of ${name}`, count: nat ? 0 : desired, kind: 'address' },
  ]);
  const plane = seen ?? { version: cluster.version };
  return [{ what: `EKS control plane, Kubernetes ${plane.version}`, count: 1, kind: 'control-plane', plane }, ...nodes];
}

/** A site has two. */
const ZONES = 2;

/** What the second site of a rehearsal has beside what the first one has (lib/cluster/eks/endpoint.ts). */
export const fenceDemands = ({ cluster }: Site): Demand[] =>
  cluster.kind === 'eks' ? [{ what: 'way to EC2 behind the fence', count: ZONES, kind: 'endpoint' }] : [];

/** What the inventory says that Kubernetes will make. A second site has it too: it comes back with what is restored. */
export function expectedOf({ budget }: Site): Demand[] {
  const { loadBalancers: count = 0, volumes = 0 } = budget?.expect ?? {};
  return [
    { what: 'expected load balancer', count, kind: 'load-balancer' },
    // One in each zone. "Amazon VPC pricing": they cost as others do.
    { what: 'public address of load balancers', count: count * ZONES, kind: 'address' },
    { what: `expected volumes: ${volumes / GIB} GiB gp3`, count: volumes ? 1 : 0, kind: 'gp3', gib: volumes / GIB },
  ];
}

/** What there is once, however many sites come up beside: keys, and what is kept. */
export function keptOf(site: Site): Demand[] {
  const { snapshots = 0, store = 0 } = site.budget?.expect ?? {};
  return [
    {
      what: `expected snapshots: ${snapshots / GIB} GiB`,
      count: snapshots ? 1 : 0,
      kind: 'snapshot',
      gib: snapshots / GIB,
    },
    ...storeDemands(site, store / GIB, 'expected'),
    ...keyDemands(site),
  ];
}

/** `gib` in each bucket: a replica has all of it too. */
export const storeDemands = (site: Site, gib: number, word: string): Demand[] =>
  bucketsOf(site).map(({ bucket, region }) => ({
    ...{ what: `${word} in ${bucket}: ${gib.toFixed(1)} GiB of S3`, count: gib > 0 ? 1 : 0, kind: 's3', gib, region },
  }));

export const keyDemands = (site: Site): Demand[] =>
  bucketsOf(site).flatMap(({ bucket, kmsKey }): Demand[] =>
    kmsKey === undefined ? [] : [{ what: `key of KMS for ${bucket}`, count: 1, kind: 'kms' }],
  );

/** Those at AWS: a store of anybody else is on their bill. */
export function bucketsOf({ backup }: Site) {
  const store = backup?.store;
  if (store?.kind !== 's3') return [];
  return [store, ...(store.replica ? [store.replica] : [])].filter(({ endpoint }) =>
    isEndpoint(new URL(endpoint).hostname),
  );
}
