import type { AnyStep } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Fence } from '../../host/fence.ts';
import type { Provider } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import { accessStep } from './access.ts';
import { addonSteps } from './addons.ts';
import { clusterStep } from './cluster.ts';
import { endpointStep } from './endpoint.ts';
import { existingSteps } from './existing.ts';
import { fenceStep } from './fence.ts';
import { kubeconfigStep } from './kubeconfig.ts';
import { nodeSteps } from './nodes.ts';
import { outsideStep } from './outside.ts';
import { eksReadyStep } from './ready.ts';
import { rolesStep } from './roles.ts';
import type { Eks } from './site.ts';

/** A control plane of AWS, its add-ons, its nodes, its kubeconfig here, and the proof that it is ready. */
export function eksSteps(site: Site, provider: Provider, fence?: Fence): AnyStep[] {
  const eks = { ...eksOf(site, provider), ...(fence && { fence }) };
  if (eks.want.existing !== undefined) return existingSteps(eks);
  return [
    rolesStep(eks),
    clusterStep(eks),
    accessStep(eks),
    kubeconfigStep(eks),
    ...addonSteps(eks),
    ...nodeSteps(eks),
    outsideStep(eks),
    ...(fence ? [endpointStep(eks), fenceStep(eks, fence)] : []),
    eksReadyStep(eks),
  ];
}

/**
 * Whoever removes it may not know that it was a rehearsal, which alone has a way to EC2 in its network. Of a cluster of another
 * hand only the way in is ours.
 */
export function eksRemoval(site: Site, provider: Provider, fence?: Fence): AnyStep[] {
  const eks = eksOf(site, provider);
  if (eks.want.existing !== undefined) return [kubeconfigStep(eks, [])];
  return [...eksSteps(site, provider, fence), ...(fence ? [] : [endpointStep(eks)])];
}

/** Errors: INVENTORY_INVALID for what the inventory's checks refuse too. */
export function eksOf(site: Site, provider: Provider): Eks {
  const { cluster: want, provider: cloud } = site;
  const { aws, network } = provider;
  if (want.kind !== 'eks' || cloud.kind !== 'ec2' || !aws || !network)
    throw new OpsError('INVENTORY_INVALID', `cannot build EKS for ${site.name}: it needs provider ec2`);
  const ids = [...new Set(provider.steps(site, site.hosts).map(({ id }) => id))];
  const networkNeeds = ids.map(step => ({ step, scope: 'all' as const }));
  return { site, want, cloud, aws, network, networkNeeds };
}
