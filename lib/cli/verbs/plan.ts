import { euros, holdBudget, siteCost } from '../../cost/index.ts';
import { saysAll } from '../../engine/index.ts';
import { EXIT } from '../../errors/index.ts';
import { newerElsewhere, type OpenSite, planSite, twoCouldRun } from '../../site/index.ts';
import { tellNobodys } from '../nobodys-address.ts';
import { onSite, type SiteAct } from '../on-site.ts';
import type { Output } from '../output.ts';
import { planText } from '../plan-text.ts';
import { selectionOf } from '../selection.ts';
import { staleText } from './status.ts';

/** What bootstrap would do, observed now, and what that costs. Above the budget it is shown, and refused all the same. */
export const planOf: SiteAct = async (open, { flags, out }) => {
  const made = await planSite(open, selectionOf(flags));
  out.data(planText(made, flags.json ?? false));
  tellNobodys(open.site, out);
  tellUnshared(open, out);
  await tellBehind(open, out);
  const now = open.ports.clock.now();
  const cost = await siteCost(open.site, now);
  if (cost) out.status(`cost  ${euros(cost.month)} a month: ./muster cost --site ${open.site.name} says what for`);
  for (const warning of cost?.warnings ?? []) out.status(`cost  ${warning}`);
  await holdBudget(open.site, now);
  return saysAll(made) ? EXIT.done : EXIT.unknown;
};

/** On stderr: nothing is wrong of one person's site. */
export function tellUnshared({ site }: OpenSite, out: Output): void {
  const text = twoCouldRun(site);
  if (text !== undefined) out.status(text);
}

/** On stderr: a bootstrap would be refused. A store that does not answer, or is not there yet, tells nothing. */
export async function tellBehind(open: OpenSite, out: Pick<Output, 'status'>): Promise<void> {
  const newer = await newerElsewhere(open, 'plan').catch(() => undefined);
  if (!newer) return;
  out.status(`secrets  ${staleText(newer)}: ./muster join --site ${open.site.name} comes before a bootstrap`);
}

export const plan = onSite(planOf);
