import type { Site } from '../inventory/index.ts';
import { DEFAULT_BUDGET } from '../inventory/index.ts';
import { withinBudget, withinDrillBudget } from './budget.ts';
import { demandOf } from './demand.ts';
import { type Estimate, estimate } from './estimate.ts';
import { readPrices } from './prices.ts';

/** undefined: the site costs nothing at a cloud. Errors: PRICES_INVALID. */
export async function siteCost(site: Site): Promise<Estimate | undefined> {
  const wanted = demandOf(site);
  return wanted && estimate(wanted.demands, wanted.region, await readPrices());
}

/** The gate before anything is made. Errors: BUDGET_EXCEEDED, COST_UNKNOWN. */
export async function holdBudget(site: Site): Promise<void> {
  const cost = await siteCost(site);
  if (cost) withinBudget(site.name, site.budget ?? DEFAULT_BUDGET, cost);
}

/** The same before a second site is made beside it. Errors: BUDGET_EXCEEDED, COST_UNKNOWN. */
export async function holdDrillBudget(site: Site, hours: number): Promise<void> {
  const cost = await siteCost(site);
  if (cost) withinDrillBudget(site.name, site.budget ?? DEFAULT_BUDGET, cost, hours);
}
