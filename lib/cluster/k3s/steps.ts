import type { AnyStep, Need } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Provider } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import { kubeconfigStep } from '../kubeconfig/steps.ts';
import { type K3sArtifacts, siteArtifacts } from './artifacts.ts';
import { configStep } from './configure.ts';
import type { Server } from './host.ts';
import { binaryStep, imagesStep, kernelStep, packagesStep } from './prepare.ts';
import { k3sReadyStep } from './ready.ts';
import { serviceStep } from './serve.ts';

/**
 * k3s on the site's server, its kubeconfig here, and the proof that it is ready.
 * Errors: INVENTORY_INVALID for anything but one server.
 */
export function k3sSteps(site: Site, provider: Provider, artifacts: K3sArtifacts = siteArtifacts(site)): AnyStep[] {
  const [host, ...others] = site.hosts;
  if (host?.role !== 'server' || others.length > 0)
    throw new OpsError(
      'INVENTORY_INVALID',
      `cannot build the cluster of ${site.name}: got ${roles(site)}, expected one server`,
    );
  const server: Server = { site, provider, artifacts, name: host.name, needs: machineNeeds(site, provider) };
  const archives = artifacts.archives.map(archive => imagesStep(server, archive));
  const steps = [
    packagesStep(server),
    kernelStep(server),
    binaryStep(server),
    ...archives,
    configStep(server),
    serviceStep(server),
  ];
  const kubeconfig = kubeconfigStep(site.name, host.name, provider, [{ step: 'k3s.service', scope: 'all' }]);
  return [...steps, kubeconfig, k3sReadyStep(site)];
}

/** Whatever the provider does for a host comes first. */
function machineNeeds(site: Site, provider: Provider): Need[] {
  const steps = provider.steps(site, site.hosts);
  return [...new Set(steps.map(({ id }) => id))].map(id => ({
    step: id,
    scope: steps.some(step => step.id === id && step.target.kind === 'host') ? 'same' : 'all',
  }));
}

const roles = ({ hosts }: Site) => hosts.map(({ name, role }) => `${role} ${name}`).join(', ') || 'no host';
