import { readAuthority } from '../addon/site-ca/steps.ts';
import { escrowJoinStep } from '../backup/escrow/join.ts';
import { type CheckResult, runChecks, sealOf } from '../backup/index.ts';
import type { AnyStep } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { isOfOneComputer } from '../host/provider.ts';
import { bootstrapSteps } from './compose.ts';
import { entryChecks } from './join-checks.ts';
import type { OpenSite } from './open.ts';
import { alone } from './rotate.ts';
import { type Ran, runVerb } from './run-verb.ts';

export interface Joined extends Ran {
  /** Whether this computer can run the site: each way in, tried. */
  checks: CheckResult[];
}

/** Its one step. Errors: USAGE: another computer cannot run this site. */
export function joinSteps({ site, provider, dirs }: Pick<OpenSite, 'site' | 'provider' | 'dirs'>, replace: boolean) {
  if (isOfOneComputer(provider))
    throw new OpsError('USAGE', `cannot join ${site.name}: its machines are processes of the computer that made them`, {
      hint: 'sites of provider ec2 and existing have more than one computer',
    });
  if (!site.backup)
    throw new OpsError('USAGE', `cannot join ${site.name}: without a section backup it has no escrow`, {
      hint: `bring .muster/${site.name}/secrets from the computer that made it, readable by you alone`,
    });
  const { escrow, publicKey } = sealOf(site, dirs);
  return [escrowJoinStep(escrow, publicKey, { replace })];
}

/** What of a bootstrap is of this computer alone: the way to the cluster, and the authority's certificate for browsers. */
const OF_COMPUTER = ['k3s.kubeconfig', 'eks.kubeconfig', 'site-ca'];

/** This computer gets what another one runs the site with, and sees whether it opens. Errors: USAGE, those of escrow.join. */
export async function joinSite(open: OpenSite, { replace }: { replace: boolean }): Promise<Joined> {
  const ran = await runVerb(open, 'join', joinSteps(open, replace), { retain: true, confirmed: replace });
  return { ...ran, checks: await runChecks(entryChecks(await waySteps(open)), open) };
}

async function waySteps(open: OpenSite): Promise<AnyStep[]> {
  // A second authority would be none of the site's.
  const authority = await readAuthority(open.ports.secrets);
  const own = (await bootstrapSteps(open.site, open)).filter(({ id }) => OF_COMPUTER.includes(id));
  return alone(own.filter(({ id }) => id !== 'site-ca' || authority !== undefined));
}
