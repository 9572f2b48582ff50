import { appSteps } from '../lib/addon/app/steps.ts';
import { siteCaStep } from '../lib/addon/site-ca/steps.ts';
import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';

export const title = 'Deploy the application with its database and data, over TLS';

export const steps = (site: Site, { provider }: Place) =>
  site.app ? [siteCaStep(site), ...appSteps(site, provider)] : [];

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
