import type { OpenSite } from '../site/index.ts';

/** What makes a site this one. Nothing of it lies in a backed-up path: what travels with a restore is lineage. */
export interface SiteIdentity {
  /** The provider's own. */
  ids: readonly string[];
  /** OpenSSH public key lines. */
  hostKeys: readonly string[];
}

/** The living source, as a rehearsal beside it has to know it: it sees nothing of its state. */
export interface Neighbour extends SiteIdentity {
  /** Ports of this computer that lead into its machines. */
  ports: readonly number[];
}

/** A source without machines is one that nothing can be mistaken for. */
export async function identityOf({ site, provider }: Pick<OpenSite, 'site' | 'provider'>): Promise<SiteIdentity> {
  const machines = await provider.machines(site);
  const ways = await Promise.all(machines.map(({ name }) => provider.endpoint(name, 'ssh')));
  return { ids: machines.map(({ id }) => id), hostKeys: ways.flatMap(({ hostKey }) => hostKey ?? []) };
}

export async function neighbourOf(source: Pick<OpenSite, 'site' | 'provider'>): Promise<Neighbour> {
  const { site, provider } = source;
  const identity = await identityOf(source);
  const machines = await provider.machines(site);
  const ways = machines.flatMap(({ name }) =>
    (['ssh', 'api', 'web'] as const).map(kind => provider.endpoint(name, kind)),
  );
  return { ...identity, ports: [...new Set((await Promise.all(ways)).map(({ port }) => port))] };
}
