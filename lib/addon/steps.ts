import type { AnyStep } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { corednsStep } from './coredns/steps.ts';
import { storageClassStep } from './gp3/steps.ts';
import { type Images, siteImages } from './images.ts';
import { localPathStep } from './local-path/steps.ts';
import { metricsServerStep } from './metrics-server/steps.ts';

/**
 * What the inventory's `addons` says; one that is false is removed if muster made it. EKS has its own, which come with the
 * cluster; only the class of its volumes is ours.
 */
export const addonSteps = (site: Site, images: Images = siteImages(site)): AnyStep[] =>
  site.cluster.kind === 'eks'
    ? [storageClassStep(site)]
    : [corednsStep, localPathStep, metricsServerStep].map(make => make(site, images));
