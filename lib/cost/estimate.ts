import type { Prices } from './prices.ts';
import { type ControlPlane, supportOf } from './support.ts';

/** What costs by the hour or the month, in AWS's terms. Of what passes through (traffic, requests) nobody knows before. */
export type Demand = { what: string; count: number } & (
  | { kind: 'instance'; type: string }
  /** `gib` each. */
  | { kind: 'gp3' | 'snapshot'; gib: number }
  /** A bucket may lie in another region than the site. */
  | { kind: 's3'; gib: number; region: string }
  | { kind: 'nat' | 'address' | 'endpoint' | 'load-balancer' | 'kms' }
  | { kind: 'control-plane'; plane: ControlPlane }
  /** It costs, and the file of prices does not know how much. */
  | { kind: 'unpriced' }
);

/** Of something that is there; `since`: milliseconds since 1970, undefined: nothing says. */
export type Metered = Demand & { since?: number };

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
  /** What will cost more, or does, and what to do about it. */
  warnings: readonly string[];
}

/** AWS's own month. */
export const HOURS_A_MONTH = 730;

/** Pure. In euros: budgets are. `now`: milliseconds since 1970. */
export function estimate(demands: readonly Demand[], region: string, prices: Prices, now: number): Estimate {
  const items = demands
    .filter(({ count }) => count > 0)
    .map((demand): Item => {
      const dollars = dollarsAnHour(demand, region, prices, now);
      const times = demand.count === 1 ? '' : `${demand.count} x `;
      const what = `${times}${demand.what}${isExtended(demand, prices, now) ? ', in extended support' : ''}`;
      return dollars === undefined ? { what } : { what, hour: dollars * demand.count * prices.euros.perDollar };
    })
    .sort((a, b) => (b.hour ?? Infinity) - (a.hour ?? Infinity) || a.what.localeCompare(b.what, 'en'));
  const hour = items.reduce((sum, item) => sum + (item.hour ?? 0), 0);
  const unpriced = items.filter(item => item.hour === undefined).map(({ what }) => what);
  const warnings = demands.flatMap(demand => supported(demand, prices, now)?.warning ?? []);
  const sums = { hour, day: hour * 24, month: hour * HOURS_A_MONTH };
  return { region, items, ...sums, unpriced, asOf: prices.asOf, warnings };
}

const supported = (demand: Demand, { eks }: Prices, now: number) =>
  demand.kind === 'control-plane' ? supportOf(demand.plane, eks, now) : undefined;

const isExtended = (demand: Demand, prices: Prices, now: number): boolean =>
  supported(demand, prices, now)?.priced === 'extended';

/** Of one. */
function dollarsAnHour(demand: Demand, region: string, prices: Prices, now: number): number | undefined {
  const here = prices.regions[region];
  const monthly = (dollars: number | undefined) => dollars && dollars / HOURS_A_MONTH;
  switch (demand.kind) {
    case 'instance':
      return here?.instances[demand.type];
    case 'gp3':
    case 'snapshot':
      return monthly(here && here[demand.kind] * demand.gib);
    case 's3': {
      const there = prices.regions[demand.region];
      return monthly(there && there.s3 * demand.gib);
    }
    case 'nat':
      return here?.nat.hour;
    case 'load-balancer':
      return here?.loadBalancer;
    case 'address':
    case 'endpoint':
      return prices[demand.kind];
    case 'kms':
      return monthly(prices.kms);
    case 'control-plane': {
      const { priced } = supportOf(demand.plane, prices.eks, now);
      return priced && prices.eks[priced];
    }
    case 'unpriced':
      return undefined;
  }
}
