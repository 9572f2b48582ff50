import { k3sSteps } from '../lib/cluster/index.ts';
import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';

export const title = 'Install k3s: packages, binary, images, config, unit, and a Ready node';

export const steps = (site: Site, { provider }: Place) => k3sSteps(site, provider);

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
