import { appSteps } from '../lib/addon/app/steps.ts';
import { siteCaStep } from '../lib/addon/site-ca/steps.ts';
import { accessStep } from '../lib/backup/postgres/access.ts';
import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';

export const title = 'Deploy the application with its database and data, over TLS';

export const steps = (site: Site, { provider, rehearsal }: Place) =>
  site.app ? [siteCaStep(site), ...archive(site, provider, rehearsal?.of), ...appSteps(site, provider)] : [];

/** The database archives from its first start on; that of a rehearsal only reads the archive of its source. */
const archive = (site: Site, provider: Place['provider'], source?: Site) =>
  site.backup?.sources.includes('postgres')
    ? [
        accessStep(
          site,
          provider,
          [
            { step: 'app.namespace', scope: 'same' },
            { step: 'store.bucket', scope: 'all' },
            { step: 'escrow.open', scope: 'all' },
          ],
          source && { of: source, role: 'reader' },
        ),
      ]
    : [];

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
