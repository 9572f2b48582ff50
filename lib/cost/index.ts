/** What a site costs, before it is built and as it stands: prices with their date, an estimate, and the budget as a gate. */

export { euros, withinBudget, withinDrillBudget } from './budget.ts';
export { bucketsOf, demandOf, notCounted, storeDemands } from './demand.ts';
export { type Demand, type Estimate, estimate, HOURS_A_MONTH, type Item, type Metered } from './estimate.ts';
export { type Prices, readPrices } from './prices.ts';
export { holdBudget, holdDrillBudget, runningCost, siteCost } from './site-cost.ts';
export type { ControlPlane } from './support.ts';
