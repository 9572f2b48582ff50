import type { Ctx } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { type Images, imageFor } from '../images.ts';
import type { HealthReader } from './health.ts';
import { type AppObjects, appObjects } from './manifests/app.ts';
import type { Seed } from './manifests/want.ts';

export const NAMESPACE = 'app';
/** Where the database runs, and its own programs. */
export const DATABASE_POD = { namespace: NAMESPACE, name: 'postgres-0', container: 'postgres' };
/** Where a provider's `web` endpoint ends on the node. */
const NODE_PORT = 30443;

/** What the steps of the app share. */
export interface App {
  site: Site;
  seed: Seed;
  images: Images;
  health: HealthReader;
}

/** Every manifest; `certificate` matters to the frontend only. */
export async function render(
  { site, images, seed }: Omit<App, 'health'>,
  ctx: Ctx,
  certificate = '',
): Promise<AppObjects> {
  const refs = await images(ctx);
  return appObjects({
    namespace: NAMESPACE,
    images: {
      postgres: imageFor(refs, 'postgres'),
      backend: imageFor(refs, 'app-backend'),
      frontend: imageFor(refs, 'app-frontend'),
    },
    storageClass: 'local-path',
    nodePort: NODE_PORT,
    seed,
    ...(site.drills && { heartbeat: site.drills.heartbeat }),
    certificate,
  });
}
