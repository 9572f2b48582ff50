import { backupKeySteps, rehearsalKeyStep } from '../lib/backup/index.ts';
import { readingStep } from '../lib/backup/store/reading.ts';
import { stateSteps, storeSteps } from '../lib/backup/store/steps.ts';
import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';

export const title = 'Open the store of the backups, or of shared state: a lab has its own, which outlives it';

export const steps = (site: Site, { dirs, rehearsal }: Place) => {
  if (!site.backup) return stateSteps(site);
  if (!rehearsal) return [...backupKeySteps(site, dirs), ...storeSteps(site)];
  const { of, generation } = rehearsal;
  return [rehearsalKeyStep(site, of, generation), readingStep(site, of, [{ step: 'escrow.open', scope: 'same' }])];
};

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
