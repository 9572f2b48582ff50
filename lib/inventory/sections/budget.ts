import { z } from 'zod';
import { size } from '../values.ts';

const LIMIT = { error: 'euros, above 0' };
const amount = z.number(LIMIT).positive(LIMIT).max(1e6, { error: 'at most 1000000 euros' });

/** What a small company's platform may cost when its inventory says nothing. */
export const DEFAULT_BUDGET = { month: 150, drill: 5 };

const COUNT = { error: 'a whole number from 0 to 100' };

const expect = z
  .strictObject({
    loadBalancers: z.int(COUNT).min(0, COUNT).max(100, COUNT).optional(),
    volumes: size('1GiB').optional().describe('All volumes of EBS together, as 50GiB.'),
    snapshots: size('1GiB').optional().describe('All snapshots of them together.'),
    store: size('1GiB').optional().describe('What lies in the bucket of the backups, its old versions too.'),
  })
  .optional()
  .describe(
    'What will come beside what muster makes, as applications order it of Kubernetes: counted in the estimate. What is there already `./muster status` counts as it is.',
  );

export const budget = z
  .strictObject({
    month: amount.default(DEFAULT_BUDGET.month).describe('Euros a month. A plan that costs more is refused.'),
    drill: amount.default(DEFAULT_BUDGET.drill).describe('Euros for the second site of one rehearsal.'),
    expect,
  })
  .describe(
    'What the site may cost at its cloud. Absent: 150 a month, 5 a drill. A lab on your own computer costs nothing here.',
  );

export type BudgetWant = z.infer<typeof budget>;
