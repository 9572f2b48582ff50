import { OpsError } from '../errors/index.ts';
import type { BudgetWant } from '../inventory/index.ts';
import { type Estimate, HOURS_A_MONTH } from './estimate.ts';

/** '133.20 EUR'. */
export const euros = (amount: number): string => `${amount.toFixed(2)} EUR`;

/**
 * Throws when a month of it costs more than the budget, or when nobody can tell: a sum with holes is no sum.
 * Errors: COST_UNKNOWN, BUDGET_EXCEEDED.
 */
export function withinBudget(site: string, { month }: BudgetWant, cost: Estimate): void {
  refuseUnpriced(site, cost);
  if (cost.month <= month) return;
  throw exceeded(
    `cannot build ${site}: a month of it costs ${euros(cost.month)}, and its budget is ${euros(month)}`,
    cost,
  );
}

/** @param hours how long the second site stands, at the most. Errors: COST_UNKNOWN, BUDGET_EXCEEDED. */
export function withinDrillBudget(site: string, { drill }: BudgetWant, cost: Estimate, hours: number): void {
  refuseUnpriced(site, cost);
  // By the second, but an address, a key or a disk is never less than its hour to be safe.
  const sum = cost.hour * Math.max(1, hours);
  if (sum <= drill) return;
  throw exceeded(
    `cannot rehearse ${site}: ${hours} h of it cost ${euros(sum)}, and a drill may cost ${euros(drill)}`,
    cost,
  );
}

const exceeded = (message: string, cost: Estimate) =>
  new OpsError('BUDGET_EXCEEDED', message, {
    details: cost.items.map(({ what, hour = 0 }) => `${euros(hour * HOURS_A_MONTH).padStart(12)} a month  ${what}`),
  });

function refuseUnpriced(site: string, { unpriced, region }: Estimate): void {
  if (unpriced.length === 0) return;
  throw new OpsError(
    'COST_UNKNOWN',
    `cannot tell what ${site} costs: no price is known in ${region} for ${unpriced.join(', ')}`,
  );
}
