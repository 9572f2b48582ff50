import type { Prices } from './prices.ts';

/** What costs by the hour or the month, in AWS's terms. Of what passes through (traffic, requests) nobody knows before. */
export type Demand = { what: string; count: number } & (
  | { kind: 'instance'; type: string }
  /** `gib` each. */
  | { kind: 'gp3' | 's3'; gib: number }
  | { kind: 'nat' | 'address' | 'load-balancer' | 'kms' }
  | { kind: 'control-plane'; support: 'standard' | 'extended' }
);

export interface Item {
  /** 'server-1: t3.large'. */
  what: string;
  /** Euros an hour; undefined: the price is not in the file. */
  hour?: number;
}

export interface Estimate {
  region: string;
  /** The dearest first; those without a price before all. */
  items: readonly Item[];
  /** Euros, without what has no price. */
  hour: number;
  day: number;
  month: number;
  /** What has no price: then the sums are too low, and nothing may lean on them. */
  unpriced: readonly string[];
  /** Of the prices. */
  asOf: string;
}

/** AWS's own month. */
export const HOURS_A_MONTH = 730;

/** Pure. In euros: budgets are. */
export function estimate(demands: readonly Demand[], region: string, prices: Prices): Estimate {
  const items = demands
    .filter(({ count }) => count > 0)
    .map((demand): Item => {
      const dollars = dollarsAnHour(demand, region, prices);
      const times = demand.count === 1 ? '' : `${demand.count} x `;
      const what = `${times}${demand.what}`;
      return dollars === undefined ? { what } : { what, hour: dollars * demand.count * prices.euros.perDollar };
    })
    .sort((a, b) => (b.hour ?? Infinity) - (a.hour ?? Infinity) || a.what.localeCompare(b.what, 'en'));
  const hour = items.reduce((sum, item) => sum + (item.hour ?? 0), 0);
  const unpriced = items.filter(item => item.hour === undefined).map(({ what }) => what);
  return { region, items, hour, day: hour * 24, month: hour * HOURS_A_MONTH, unpriced, asOf: prices.asOf };
}

/** Of one. */
function dollarsAnHour(demand: Demand, region: string, prices: Prices): number | undefined {
  const here = prices.regions[region];
  const monthly = (dollars: number | undefined) => dollars && dollars / HOURS_A_MONTH;
  switch (demand.kind) {
    case 'instance':
      return here?.instances[demand.type];
    case 'gp3':
    case 's3':
      return monthly(here && here[demand.kind] * demand.gib);
    case 'nat':
      return here?.nat.hour;
    case 'load-balancer':
      return here?.loadBalancer;
    case 'address':
      return prices.address;
    case 'kms':
      return monthly(prices.kms);
    case 'control-plane':
      return prices.eks[demand.support];
  }
}
