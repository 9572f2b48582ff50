import type { AnyStep } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { broughtByK3s, type Images, imageFor } from '../images.ts';
import { addonStep } from '../step.ts';
import { localPathObjects } from './manifests/local-path.ts';
import { localVolumesOnly } from './observe.ts';

/** Volumes on the disk of the node, the default class. */
export const localPathStep = (site: Site, images: Images): AnyStep =>
  addonStep(site, {
    name: 'local-path',
    title: 'Run local-path storage',
    ...(site.addons['local-path'] && { want: { class: 'local-path' } }),
    ...broughtByK3s(site, 'local-path-provisioner'),
    objects: async (_, ctx) => {
      const refs = await images(ctx);
      return localPathObjects({
        image: imageFor(refs, 'local-path-provisioner'),
        helperImage: imageFor(refs, 'busybox'),
      });
    },
    proof: localVolumesOnly,
  });
