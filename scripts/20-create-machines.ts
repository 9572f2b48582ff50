import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';

export const title = 'Create the machines and reach them by SSH';

export const steps = (site: Site, { provider }: Place) => provider.steps(site, site.hosts);

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
