import { addonSteps } from '../lib/addon/index.ts';
import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';

export const title = 'Install the add-ons: DNS, storage, metrics';

export const steps = (site: Site, { rehearsal }: Place) =>
  addonSteps(site, rehearsal ? { store: rehearsal.fence.store } : {});

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
