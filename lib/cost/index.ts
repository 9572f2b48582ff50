/** What a site costs, before it is built: prices with their date, an estimate, and the budget as a gate. */

export { euros, withinBudget, withinDrillBudget } from './budget.ts';
export { demandOf, NOT_COUNTED } from './demand.ts';
export { type Demand, type Estimate, estimate, HOURS_A_MONTH, type Item } from './estimate.ts';
export { type Prices, readPrices } from './prices.ts';
export { holdBudget, holdDrillBudget, siteCost } from './site-cost.ts';
