import type { AnyStep } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { broughtByK3s, type Images, imageFor } from '../images.ts';
import { addonStep } from '../step.ts';
import { metricsServerObjects } from './manifests/metrics-server.ts';
import { metricsAnswer } from './observe.ts';

/** `kubectl top`, and what scales by load. */
export const metricsServerStep = (site: Site, images: Images): AnyStep =>
  addonStep(site, {
    name: 'metrics-server',
    title: 'Run metrics-server',
    ...(site.addons['metrics-server'] && { want: { resolution: '15s' } }),
    ...broughtByK3s(site, 'metrics-server'),
    objects: async (_, ctx) => metricsServerObjects({ image: imageFor(await images(ctx), 'metrics-server') }),
    proof: metricsAnswer,
  });
