import { addonSteps } from '../lib/addon/index.ts';
import type { Site } from '../lib/inventory/index.ts';

export const title = 'Install the add-ons: DNS, storage, metrics';

export const steps = (site: Site) => addonSteps(site);

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
