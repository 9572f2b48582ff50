import type { AnyStep, Need } from '../engine/index.ts';
import type { Fence } from '../host/index.ts';
import { existingCluster, type Site } from '../inventory/index.ts';
import { corednsStep } from './coredns/steps.ts';
import { storeNameStep } from './coredns/store-name.ts';
import { storageClassStep } from './gp3/steps.ts';
import { type Images, siteImages } from './images.ts';
import { localPathStep } from './local-path/steps.ts';
import { metricsServerStep } from './metrics-server/steps.ts';

/**
 * What the inventory's `addons` says; one that is false is removed if muster made it. EKS has its own, which come with the
 * cluster; only the class of its volumes is ours, and where the cluster is another hand's so is the class. `store`: what the fence
 * of a rehearsal lets through.
 */
export function addonSteps(
  site: Site,
  { images = siteImages(site), store }: { images?: Images; store?: Fence['store'] } = {},
): AnyStep[] {
  if (existingCluster(site) !== undefined) return [];
  if (site.cluster.kind === 'eks') return [storageClassStep(site)];
  // What CoreDNS starts with, it need not learn of later.
  const names = store?.name === undefined ? [] : [storeNameStep(site, store)];
  const needs = names.map(({ id }): Need => ({ step: id, scope: 'same' }));
  return [...names, corednsStep(site, images, needs), localPathStep(site, images), metricsServerStep(site, images)];
}
