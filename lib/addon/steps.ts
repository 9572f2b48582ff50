import type { AnyStep } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { corednsStep } from './coredns/steps.ts';
import { type Images, siteImages } from './images.ts';
import { localPathStep } from './local-path/steps.ts';
import { metricsServerStep } from './metrics-server/steps.ts';

/** What the inventory's `addons` says; one that is false is removed if muster made it. */
export const addonSteps = (site: Site, images: Images = siteImages(site)): AnyStep[] =>
  [corednsStep, localPathStep, metricsServerStep].map(make => make(site, images));
