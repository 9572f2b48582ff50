import { type Estimate, euros, HOURS_A_MONTH, notCounted, siteCost } from '../../cost/index.ts';
import { EXIT } from '../../errors/index.ts';
import { DEFAULT_BUDGET, type Site } from '../../inventory/index.ts';
import { systemClock } from '../../time/index.ts';
import { json, table } from '../output.ts';
import { readSite } from '../read-site.ts';
import type { Act } from '../verb.ts';

/** What the site costs, by its inventory alone: no account is asked. */
export const cost: Act = async ({ project, site: name, flags, out }) => {
  const site = await readSite(project, name);
  const sum = await siteCost(site, systemClock.now());
  if (!sum) {
    out.data(
      flags.json
        ? json({ site: name, hour: 0, day: 0, month: 0, items: [] })
        : `${name} costs nothing at a cloud: it runs on what you have`,
    );
    return EXIT.done;
  }
  out.data(flags.json ? json({ site: name, budget: budgetOf(site), ...sum }) : costText(site, sum));
  if (sum.unpriced.length > 0) return EXIT.unknown;
  return sum.month > budgetOf(site).month ? EXIT.refused : EXIT.done;
};

const budgetOf = (site: Site) => site.budget ?? DEFAULT_BUDGET;

function costText(site: Site, { items, hour, day, month, unpriced, asOf, region, warnings }: Estimate): string {
  const part = (price: number) => `${Math.round((100 * price) / hour)} %`;
  const rows = items.map(item => [
    item.what,
    ...(item.hour === undefined
      ? ['no price is known']
      : [`${euros(item.hour * HOURS_A_MONTH)} a month`, part(item.hour)]),
  ]);
  const budget = budgetOf(site).month;
  const holes = unpriced.length > 0 ? 'at least ' : '';
  const verdict = month > budget ? `${euros(month - budget)} above` : `${euros(budget - month)} below`;
  return [
    ...(rows.length > 0 ? [table(rows)] : [`${site.name} makes nothing that has a price`]),
    '',
    table([
      ['an hour', `${holes}${euros(hour)}`],
      ['a day', `${holes}${euros(day)}`],
      ['a month', `${holes}${euros(month)}`],
      ['budget', `${euros(budget)} a month: ${verdict}`],
    ]),
    '',
    ...warnings,
    `Prices of ${asOf} in ${region}, without taxes. Not counted: ${notCounted(site)}.`,
  ].join('\n');
}
