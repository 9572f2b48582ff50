import type { Site } from '../inventory/index.ts';
import { DEFAULT_BUDGET } from '../inventory/index.ts';
import { withinBudget, withinDrillBudget } from './budget.ts';
import { demandOf, expectedOf, fenceDemands, keptOf, keyDemands } from './demand.ts';
import { type Demand, type Estimate, estimate, type Item, type Metered } from './estimate.ts';
import { readPrices } from './prices.ts';
import type { ControlPlane } from './support.ts';

/** Before it is built. undefined: the site costs nothing at a cloud. `now`: milliseconds since 1970. Errors: PRICES_INVALID. */
export const siteCost = (site: Site, now: number): Promise<Estimate | undefined> =>
  planned(site, now, [...expectedOf(site), ...keptOf(site)]);

async function planned(site: Site, now: number, more: readonly Demand[]): Promise<Estimate | undefined> {
  const wanted = demandOf(site);
  return wanted && estimate([...wanted.demands, ...more], wanted.region, await readPrices(), now);
}

interface Running {
  /** What muster made, and keys. */
  base: Estimate;
  /** Since when, in milliseconds since 1970. */
  beside: readonly (Item & { since?: number })[];
}

/** As it stands: what was seen of it instead of what was expected. Errors: PRICES_INVALID. */
export async function runningCost(
  site: Site,
  now: number,
  { plane, beside }: { plane?: ControlPlane | undefined; beside: readonly Metered[] },
): Promise<Running | undefined> {
  const wanted = demandOf(site, plane);
  if (!wanted) return undefined;
  const prices = await readPrices();
  const of = (demands: readonly Demand[]) => estimate(demands, wanted.region, prices, now);
  return {
    base: of([...wanted.demands, ...keyDemands(site)]),
    beside: beside.flatMap(({ since, ...one }) =>
      of([one]).items.map(item => ({ ...item, ...(since !== undefined && { since }) })),
    ),
  };
}

/** The gate before anything is made. Errors: BUDGET_EXCEEDED, COST_UNKNOWN. */
export async function holdBudget(site: Site, now: number): Promise<void> {
  const cost = await siteCost(site, now);
  if (cost) withinBudget(site.name, site.budget ?? DEFAULT_BUDGET, cost);
}

/** The same before a second site is made beside it. Errors: BUDGET_EXCEEDED, COST_UNKNOWN. */
export async function holdDrillBudget(site: Site, hours: number, now: number): Promise<void> {
  const cost = await planned(site, now, [...expectedOf(site), ...fenceDemands(site)]);
  if (cost) withinDrillBudget(site.name, site.budget ?? DEFAULT_BUDGET, cost, hours);
}
