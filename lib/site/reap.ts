import { join } from 'node:path';
import type { Aws } from '../aws/index.ts';
import { eksToRemove, type FoundCluster, foundClusters, hasRolesOfEks } from '../cluster/index.ts';
import { OpsError, oneLine } from '../errors/index.ts';
import { type FoundSite, foundSites, siteToRemove } from '../host/ec2/sites.ts';
import type { Ec2Want } from '../inventory/index.ts';
import type { ClusterWant } from '../inventory/sections/cluster.ts';
import { type OpenSite, wireSite } from './open.ts';
import { inSession, type Ran } from './run-verb.ts';
import { leaks, removalSteps, wayIn } from './teardown.ts';

/** Sites in the account and region of this one, by their tags alone. Errors: USAGE for a site that has no account. */
export const sitesInAws = async (open: OpenSite): Promise<FoundSite[]> => {
  const aws = accountOf(open);
  return foundSites(aws, await foundClusters(aws), open.ports.clock.now());
};

function accountOf({ aws, site }: OpenSite): Aws {
  if (aws) return aws;
  throw new OpsError('USAGE', `cannot look for sites: ${site.name} has no account of AWS`);
}

/**
 * Removes a site that has expired, from its tags alone: its inventory and state may be on a computer that is gone.
 * Errors: USAGE when there is none, or when it has not expired; LEAK_FOUND; LEAK_UNKNOWN.
 */
export async function reapSite(open: OpenSite, name: string): Promise<Ran> {
  const { target, cluster, unseen } = await openToRemove(open, name);
  try {
    const { value, journal } = await inSession(target, 'reap', { retain: true, confirmed: true }, async ({ apply }) => {
      // Volumes and load balancers of Kubernetes are removed by itself, and this computer may never have been in it.
      if (cluster?.answers) await apply(wayIn(target));
      return apply(removalSteps(target.site, target));
    });
    const left = await leaks(target);
    if (left.length > 0)
      throw new OpsError('LEAK_FOUND', `cannot call ${name} removed: ${left.length} things are still there`, {
        details: left.map(({ kind, id, detail }) => `${kind} ${id}: ${detail}`),
      });
    if (unseen !== undefined)
      throw new OpsError('LEAK_UNKNOWN', `cannot call ${name} removed: ${unseen}`, {
        hint: `whoever may, looks in IAM for roles whose names begin with ${name}-: nothing else of it is left`,
      });
    return { ...value, ...(journal !== undefined && { journal }) };
  } finally {
    await target.close();
  }
}

interface ToRemove {
  target: OpenSite;
  cluster: FoundCluster | undefined;
  /** Roles that could not be looked at, in words. */
  unseen?: string;
}

async function openToRemove(open: OpenSite, name: string): Promise<ToRemove> {
  const { provider } = open.site;
  const { dirs, signal, emit, masker, ports } = open;
  const clusters = await foundClusters(accountOf(open));
  const found = (await foundSites(accountOf(open), clusters, ports.clock.now())).find(site => site.name === name);
  if (!found || provider.kind !== 'ec2')
    throw new OpsError('USAGE', `cannot reap ${name}: nothing in this account and region has its tag`);
  if (!found.expired)
    throw new OpsError('USAGE', `cannot reap ${name}: it expires ${found.expires}`, {
      hint: `./muster destroy --site ${name} --confirm=${name}, where its inventory is`,
    });
  const cluster = clusters.find(each => each.name === name);
  const had = cluster ? { was: eksToRemove(cluster.version) } : await clusterItHad(open, provider, found);
  const target = await wireSite(siteToRemove(open.site, provider, found, had.was), {
    ...{ project: dirs.project, signal, emit, masker, clock: ports.clock },
    dirs: { ...dirs, state: join(dirs.project, '.muster', name) },
  });
  return { target, cluster, ...(had.unseen !== undefined && { unseen: had.unseen }) };
}

/** What a site had that EKS knows nothing of (any more). Machines of ours have no roles, nor has who reaps them rights to look. */
async function clusterItHad(
  open: OpenSite,
  { region }: Ec2Want,
  found: FoundSite,
): Promise<{ was: ClusterWant; unseen?: string }> {
  const k3s: ClusterWant = { kind: 'k3s', version: '' };
  if (found.machines) return { was: k3s };
  try {
    return { was: (await hasRolesOfEks(accountOf(open), found, region)) ? eksToRemove() : k3s };
  } catch (error) {
    open.signal.throwIfAborted();
    return { was: k3s, unseen: oneLine(error) };
  }
}
