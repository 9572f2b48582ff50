import { artifactSteps } from '../lib/artifact/index.ts';
import type { Site } from '../lib/inventory/index.ts';

export const title = 'Have what is installed: k3s and the container images, proven by digest';

export const steps = (site: Site) => artifactSteps(site);

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
