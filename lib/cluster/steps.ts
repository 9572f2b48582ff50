import type { AnyStep } from '../engine/index.ts';
import type { Fence } from '../host/fence.ts';
import type { Provider, Resource } from '../host/provider.ts';
import type { Site } from '../inventory/index.ts';
import { eksLeaks } from './eks/leaks.ts';
import { describeCluster, madePlane } from './eks/observe.ts';
import { eksOf, eksRemoval, eksSteps } from './eks/steps.ts';
import { k3sSteps } from './k3s/steps.ts';
import { kubeconfigStep } from './kubeconfig/steps.ts';

/** A cluster by its kind; the last step is cluster.ready. `fence`: of a rehearsal; machines of ours have it already. */
export const clusterSteps = (site: Site, provider: Provider, fence?: Fence): AnyStep[] =>
  site.cluster.kind === 'eks' ? eksSteps(site, provider, fence) : k3sSteps(site, provider);

/** The steps of which a removal consists: machines of ours take along what is on them. */
export function clusterRemoval(site: Site, provider: Provider, fence?: Fence): AnyStep[] {
  if (site.cluster.kind === 'eks') return eksRemoval(site, provider, fence);
  if (!provider.owned) return clusterSteps(site, provider);
  return [kubeconfigStep(site.name, site.hosts[0]?.name ?? '', provider, [])];
}

/** What of a cluster would outlive its machines. */
export const clusterLeaks = async (site: Site, provider: Provider): Promise<Resource[]> =>
  site.cluster.kind === 'eks' ? eksLeaks(site, provider) : [];

/** What costs of it by itself, and since when; undefined: it is on machines of ours, or not there. Throws when it cannot tell. */
export const clusterPlane = async (site: Site, provider: Provider): ReturnType<typeof madePlane> =>
  site.cluster.kind === 'eks' ? madePlane(eksOf(site, provider)) : undefined;

/** Whether EKS has it, and keeps it. Throws when it cannot tell. */
export async function clusterStands(site: Site, provider: Provider): Promise<boolean> {
  const found = await describeCluster(eksOf(site, provider));
  return found !== undefined && found.status !== 'DELETING';
}
