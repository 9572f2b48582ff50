import { euros, holdBudget, siteCost } from '../../cost/index.ts';
import { saysAll } from '../../engine/index.ts';
import { EXIT } from '../../errors/index.ts';
import { type OpenSite, planSite, twoCouldRun } from '../../site/index.ts';
import { tellNobodys } from '../nobodys-address.ts';
import { onSite, type SiteAct } from '../on-site.ts';
import type { Output } from '../output.ts';
import { planText } from '../plan-text.ts';
import { selectionOf } from '../selection.ts';

/** What bootstrap would do, observed now, and what that costs. Above the budget it is shown, and refused all the same. */
export const planOf: SiteAct = async (open, { flags, out }) => {
  const made = await planSite(open, selectionOf(flags));
  out.data(planText(made, flags.json ?? false));
  tellNobodys(open.site, out);
  tellUnshared(open, out);
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

export const plan = onSite(planOf);
