import { TOOLS_IMAGE } from '../../artifact/index.ts';
import type { AnyStep, Ctx } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { existingCluster, type Site } from '../../inventory/index.ts';
import type { StoreAccess } from '../../store/access.ts';
import { type Images, imageFor, siteImages } from '../images.ts';
import { addonStep } from '../step.ts';
import { ALONE, aloneStep } from './alone.ts';
import { keyStep } from './key.ts';
import { definitions } from './manifests/crds.ts';
import { type LocationWant, locationObjects } from './manifests/location.ts';
import { REPOSITORY_PASSWORD } from './manifests/names.ts';
import { namespaceObject, serverObjects } from './manifests/velero.ts';
import { nodeWindow } from './manifests/window.ts';
import { canBackUp, established } from './observe.ts';

export interface VeleroWant {
  /** As the site itself: its machines get these keys. */
  access(ctx: Ctx): Promise<StoreAccess>;
  /** ReadOnly: of a rehearsal. */
  mode: LocationWant['mode'];
}

/** Velero, with a key of its own and a bucket that it has seen. */
export function veleroSteps(site: Site, { access, mode }: VeleroWant, images: Images = siteImages(site)): AnyStep[] {
  const existing = existingCluster(site) !== undefined;
  const kinds = addonStep(site, {
    name: 'velero-kinds',
    title: "Define Velero's kinds",
    want: {},
    objects: async () => [namespaceObject(), ...(await definitions())],
    proof: established,
    ...(existing && { needs: [{ step: ALONE, scope: 'same' }] }),
  });
  const velero = addonStep(site, {
    name: 'velero',
    title: 'Run Velero',
    want: { mode },
    needs: [
      // Of nodes that pull; elsewhere the cluster does not begin without them.
      { step: 'artifact.images', scope: 'all' },
      { step: 'addon.velero-kinds', scope: 'same' },
      { step: 'addon.velero-key', scope: 'same' },
      { step: 'store.bucket', scope: 'all' },
    ],
    objects: async (_, ctx) => {
      const [refs, store, repositoryPassword] = await Promise.all([images(ctx), access(ctx), password(ctx)]);
      return [
        // The password first: Velero makes its own when it starts without one.
        ...locationObjects({ access: store, repositoryPassword, mode }),
        ...serverObjects({ velero: imageFor(refs, 'velero'), plugin: imageFor(refs, 'velero-plugin-for-aws') }),
        // Nobody logs in to nodes that AWS made.
        ...(site.cluster.kind === 'eks' ? [nodeWindow(imageFor(refs, TOOLS_IMAGE))] : []),
      ];
    },
    proof: canBackUp,
  });
  return [...(existing ? [aloneStep(site)] : []), kinds, keyStep(site), velero];
}

async function password({ secrets }: Ctx) {
  const kept = await secrets.get(REPOSITORY_PASSWORD);
  if (kept) return kept;
  throw new OpsError('SECRET_MISSING', `cannot run Velero: the secret ${REPOSITORY_PASSWORD} is not there yet`);
}
