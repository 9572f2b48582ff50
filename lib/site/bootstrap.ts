import { webUrl } from '../addon/app/endpoint.ts';
import { caPath } from '../addon/site-ca/steps.ts';
import { artifactSteps } from '../artifact/index.ts';
import { kubeconfigPath } from '../cluster/index.ts';
import { holdBudget } from '../cost/index.ts';
import { makePlan, type Plan, refuseUnknown } from '../engine/index.ts';
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

interface Options extends Selection {
  retain?: boolean;
  confirmed?: boolean;
}

/** Builds a site, or goes on with it; nothing to do is a success too. */
export async function bootstrapSite(open: OpenSite, options: Options = {}): Promise<Bootstrapped> {
  return { ...(await runBootstrap(open, options)), ...(await addresses(open)) };
}

/**
 * The same without a word on where the site is, which may take an account: for parts that are of this computer.
 * Outside a lab a machine costs from its first minute: none is made for what no source has.
 */
export async function runBootstrap(open: OpenSite, options: Options): Promise<Ran> {
  await holdBudget(open.site, open.ports.clock.now());
  const place = { dirs: open.dirs, provider: open.provider };
  const [steps, select] = await Promise.all([bootstrapSteps(open.site, place), selectSteps(open.site, place, options)]);
  if (open.site.environment !== 'lab') {
    refuseUnknown(await makePlan(artifactSteps(open.site), open.env(newRun(open, 'plan', {})), select));
  }
  return runVerb(open, 'bootstrap', steps, {
    select,
    ...(options.retain !== undefined && { retain: options.retain }),
    confirmed: options.confirmed ?? false,
  });
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
