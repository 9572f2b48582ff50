import { certificateStep } from '../addon/app/certificate.ts';
import type { AnyStep } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { loadScripts } from './compose.ts';
import type { Place } from './place.ts';

/** What is asked of a rebuild's steps: whether they belong to a part of it. */
type Part = (step: AnyStep) => boolean;

/** A bootstrap's steps, and the parts of them that a rebuild carries out, in this order. */
export interface Rebuild {
  steps: readonly AnyStep[];
  machines: Part;
  cluster: Part;
  /** Those on which data stands; what is only looked at comes beside the data. */
  addons: Part;
  beside: readonly AnyStep[];
  /** The application is looked at, not installed: the site's authority for TLS, its certificate, and the answer. */
  answers: Part;
  /** The heartbeat, which the backup brings back asleep. */
  heartbeat: Part;
}

/** Its first measurement takes it twenty seconds, and nothing of a restore needs it. */
const METRICS = 'addon.metrics-server';

/**
 * A rebuilt site gets a fresh cluster and what stands on it, and then its backup: what installs, migrates and seeds the
 * application is never run, or a site that made its data anew would pass for a restored one.
 */
export async function rebuildOf(site: Site, place: Place): Promise<Rebuild> {
  const scripts = (await loadScripts(place.dirs.project)).map(({ name, steps }) => ({
    name,
    steps: steps(site, place),
  }));
  const of = (names: RegExp): Part => {
    const some = new Set(scripts.filter(({ name }) => names.test(name)).flatMap(({ steps }) => steps));
    return step => some.has(step);
  };
  // Everywhere else a site answers where it answered before.
  const moves = site.app !== undefined && site.provider.kind === 'ec2';
  return {
    steps: [...scripts.flatMap(({ steps }) => steps), ...(moves ? [certificateStep(site, place.provider)] : [])],
    machines: of(/^[12]\d-/),
    cluster: of(/^3\d-/),
    addons: step => of(/^4\d-/)(step) && step.id !== METRICS,
    beside: scripts.flatMap(({ steps }) => steps).filter(({ id }) => id === METRICS),
    answers: ({ id }) => ['site-ca', 'app.certificate', 'app.answers'].includes(id),
    heartbeat: ({ id }) => id === 'app.heartbeat',
  };
}
