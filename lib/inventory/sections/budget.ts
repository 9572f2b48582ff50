import { z } from 'zod';

const LIMIT = { error: 'euros, above 0' };
const amount = z.number(LIMIT).positive(LIMIT).max(1e6, { error: 'at most 1000000 euros' });

/** What a small company's platform may cost when its inventory says nothing. */
export const DEFAULT_BUDGET = { month: 150, drill: 5 };

export const budget = z
  .strictObject({
    month: amount.default(DEFAULT_BUDGET.month).describe('Euros a month. A plan that costs more is refused.'),
    drill: amount.default(DEFAULT_BUDGET.drill).describe('Euros for the second site of one rehearsal.'),
  })
  .describe(
    'What the site may cost at its cloud. Absent: 150 a month, 5 a drill. A lab on your own computer costs nothing here.',
  );

export type BudgetWant = z.infer<typeof budget>;
