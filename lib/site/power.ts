import { OpsError } from '../errors/index.ts';
import { existingCluster } from '../inventory/index.ts';
import { bootstrapSteps } from './compose.ts';
import type { OpenSite } from './open.ts';
import { type Ran, runVerb } from './run-verb.ts';

/** Powers the site's machines off, cleanly; disks, ports and secrets stay. Errors: SITE_NOT_OWNED, SITE_ABSENT. */
export async function stopSite(open: OpenSite): Promise<Ran> {
  await mustStand(open);
  const { site, provider } = open;
  const steps = site.hosts.map(host => provider.power(host.name, 'off'));
  return runVerb(open, 'stop', steps, { retain: true });
}

/** Powers the machines on and waits until the site is what its inventory says: the plan of bootstrap. */
export async function startSite(open: OpenSite): Promise<Ran> {
  await mustStand(open);
  const { site, dirs, provider } = open;
  return runVerb(open, 'start', await bootstrapSteps(site, { dirs, provider }), { retain: true });
}

async function mustStand({ site, provider }: OpenSite): Promise<void> {
  if (site.cluster.kind === 'eks')
    throw new OpsError(
      'SITE_NOT_OWNED',
      `cannot switch ${site.name}: a control plane of EKS is on as long as it exists`,
      {
        hint: existingCluster(site)
          ? 'its nodes are for whoever made it to switch'
          : 'nodes cost most of it: set desired and min of cluster.nodes to 0 in the inventory, then bootstrap',
      },
    );
  if (!provider.owned)
    throw new OpsError('SITE_NOT_OWNED', `cannot switch the hosts of ${site.name}: they are yours, not muster's`);
  const machines = await provider.machines(site);
  if (machines.length === 0)
    throw new OpsError('SITE_ABSENT', `cannot switch ${site.name}: it has no machines`, {
      hint: `./muster bootstrap --site ${site.name}`,
    });
}
