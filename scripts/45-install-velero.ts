import { veleroSteps } from '../lib/addon/velero/steps.ts';
import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';
import { storeAccess } from '../lib/store/index.ts';

export const title = 'Install Velero, with the store of the backups as its location';

export const steps = (site: Site, { dirs, provider, rehearsal }: Place) =>
  site.backup?.sources.includes('velero')
    ? veleroSteps(site, {
        mode: rehearsal ? 'ReadOnly' : 'ReadWrite',
        access: ({ secrets }) =>
          storeAccess(rehearsal?.of ?? site, rehearsal ? 'reader' : 'site', {
            dirs,
            secrets,
            gateway: provider.gateway,
          }),
      })
    : [];

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
