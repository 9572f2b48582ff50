import { lookup } from 'node:dns/promises';
import { clusterIdentity, kubeconfigServer } from '../cluster/index.ts';
import type { OpenSite } from '../site/index.ts';
import { clocksApart } from './clocks-apart.ts';

/** What makes a site this one. Nothing of it lies in a backed-up path: what travels with a restore is lineage. */
export interface SiteIdentity {
  /** The provider's own; of EKS the cluster's. */
  ids: readonly string[];
  /** OpenSSH public key lines; of EKS the authority of its API. */
  hostKeys: readonly string[];
}

/** The living source, as a rehearsal beside it has to know it: it sees nothing of its state. */
export interface Neighbour extends SiteIdentity {
  /** What leads into its machines, as a machine beside it sees it: 'address:port'. */
  ways: readonly string[];
  /** Milliseconds by which its machines' clocks and ours may be apart; absent: not measured. */
  apart?: number;
}

type Known = Pick<OpenSite, 'site' | 'provider' | 'ports' | 'dirs'>;

/** A source without machines, or without a network, is one that nothing can be mistaken for. */
export async function identityOf({ site, provider, ports }: Known): Promise<SiteIdentity> {
  if (site.cluster.kind === 'eks') {
    if (!(await provider.network?.())) return { ids: [], hostKeys: [] };
    const { id, authority } = await clusterIdentity(await ports.cluster(site.name));
    return { ids: [id], hostKeys: [authority] };
  }
  const machines = await provider.machines(site);
  const ways = await Promise.all(machines.map(({ name }) => provider.endpoint(name, 'ssh')));
  return { ids: machines.map(({ id }) => id), hostKeys: ways.flatMap(({ hostKey }) => hostKey ?? []) };
}

export async function neighbourOf(source: Known): Promise<Neighbour> {
  const { site, provider, dirs } = source;
  const apart = await clocksApart(source);
  const identity = { ...(await identityOf(source)), ...(apart !== undefined && { apart }) };
  if (site.cluster.kind === 'eks') return { ...identity, ways: await waysOfApi(dirs.project, site.name) };
  const machines = await provider.machines(site);
  const ways = machines.flatMap(({ name }) =>
    (['ssh', 'api', 'web'] as const).map(kind => provider.endpoint(name, kind)),
  );
  return { ...identity, ways: waysFrom(provider.gateway, await Promise.all(ways)) };
}

/** To the public endpoint of a control plane, which has a name. */
async function waysOfApi(project: string, site: string): Promise<string[]> {
  const server = await kubeconfigServer(project, site);
  if (server === undefined) return [];
  const { hostname, port } = new URL(server);
  const all = await lookup(hostname, { family: 4, all: true });
  return waysFrom(
    undefined,
    all.map(({ address }) => ({ address, port: Number(port || 443) })),
  );
}

/**
 * Pure. Ports of this computer are seen at the gateway. Machines of a cloud have addresses of their own; one of the loopback
 * would be the prober's own.
 */
export function waysFrom(
  gateway: string | undefined,
  endpoints: readonly { address: string; port: number }[],
): string[] {
  const seen = endpoints.map(({ address, port }) => ({ address: gateway ?? address, port }));
  const others = seen.filter(({ address }) => !address.startsWith('127.'));
  return [...new Set(others.map(({ address, port }) => `${address}:${port}`))];
}
