import { clusterSteps } from '../lib/cluster/index.ts';
import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';

export const title = 'Build the cluster: k3s on the machines, or EKS with its add-ons and nodes; and see it ready';

export const steps = (site: Site, { provider, rehearsal }: Place) => clusterSteps(site, provider, rehearsal?.fence);

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
