import { backupKeySteps } from '../lib/backup/index.ts';
import { storeSteps } from '../lib/backup/store/steps.ts';
import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';

export const title = 'Open the store of the backups: a lab has its own, which outlives it';

export const steps = (site: Site, { dirs }: Place) =>
  site.backup ? [...backupKeySteps(site, dirs), ...storeSteps(site)] : [];

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
