import { webUrl } from '../addon/app/endpoint.ts';
import { caPath } from '../addon/site-ca/steps.ts';
import { kubeconfigPath } from '../cluster/index.ts';
import { holdBudget } from '../cost/index.ts';
import { makePlan, type Plan } from '../engine/index.ts';
import { isOpsError } from '../errors/index.ts';
import { bootstrapSteps, type Selection, selectSteps } from './compose.ts';
import type { OpenSite } from './open.ts';
import { newRun, type Ran, runVerb } from './run-verb.ts';

export interface Bootstrapped extends Ran {
  site: string;
  kubeconfig: string;
  /** Of the app; undefined when the inventory has none. */
  app?: string;
  ca: string;
}

/** Builds a site, or goes on with it; nothing to do is a success too. */
export async function bootstrapSite(
  open: OpenSite,
  options: Selection & { retain?: boolean; confirmed?: boolean } = {},
): Promise<Bootstrapped> {
  await holdBudget(open.site);
  const place = { dirs: open.dirs, provider: open.provider };
  const [steps, select] = await Promise.all([bootstrapSteps(open.site, place), selectSteps(open.site, place, options)]);
  const ran = await runVerb(open, 'bootstrap', steps, {
    select,
    ...(options.retain !== undefined && { retain: options.retain }),
    confirmed: options.confirmed ?? false,
  });
  return { ...ran, ...(await addresses(open)) };
}

/** What bootstrap would do, observed now. */
export async function planSite(open: OpenSite, options: Selection = {}): Promise<Plan> {
  const place = { dirs: open.dirs, provider: open.provider };
  const [steps, select] = await Promise.all([bootstrapSteps(open.site, place), selectSteps(open.site, place, options)]);
  return makePlan(steps, open.env(newRun(open, 'plan', {})), select);
}

const unlessAbsent = (error: unknown): undefined => {
  if (!isOpsError(error, 'HOST_ABSENT')) throw error;
};

export async function addresses({
  site,
  dirs,
  provider,
}: OpenSite): Promise<Pick<Bootstrapped, 'site' | 'kubeconfig' | 'app' | 'ca'>> {
  // A part of the plan (--only) may end before there is a machine.
  const app = site.app && (await webUrl(site, provider).catch(unlessAbsent));
  return {
    site: site.name,
    kubeconfig: kubeconfigPath(dirs.project, site.name),
    ca: caPath(dirs),
    ...(app !== undefined && { app }),
  };
}
