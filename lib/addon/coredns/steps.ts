import type { AnyStep, Need } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { broughtByK3s, type Images, imageFor } from '../images.ts';
import { addonStep } from '../step.ts';
import { corednsObjects } from './manifests/coredns.ts';
import { upstream } from './observe.ts';

/** Names inside the cluster, at the address that every pod is told. */
export const corednsStep = (site: Site, images: Images, needs: readonly Need[] = []): AnyStep =>
  addonStep(site, {
    name: 'coredns',
    needs,
    title: 'Run CoreDNS',
    ...(site.addons.coredns && { want: { host: site.hosts[0]?.name ?? '' } }),
    ...broughtByK3s(site, 'coredns'),
    objects: async ({ host }, ctx) => {
      const [refs, servers] = await Promise.all([images(ctx), ctx.facts(host, upstream)]);
      return corednsObjects({ image: imageFor(refs, 'coredns'), upstream: servers });
    },
  });
