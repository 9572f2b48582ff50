import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ControlPlane,
  type Demand,
  estimate as estimateAt,
  type Prices,
  readPrices,
  withinBudget,
  withinDrillBudget,
} from '../../lib/cost/index.ts';

const prices: Prices = {
  asOf: '2026-06-30',
  source: 'a test',
  euros: { perDollar: 0.5, asOf: '2026-06-30' },
  eks: {
    ...{ standard: 0.1, extended: 0.6 },
    calendar: { asOf: '2026-06-30', source: 'a test', standardUntil: { '1.34': '2026-12-02', '1.35': '2027-03-27' } },
  },
  kms: 7.3,
  address: 0.005,
  endpoint: 0.01,
  regions: {
    here: {
      gp3: 0.073,
      snapshot: 0.05,
      s3: 0.0073,
      nat: { hour: 0.05, gigabyte: 0.05 },
      loadBalancer: 0.03,
      instances: { big: 0.2 },
    },
  },
};

const NOW = Date.parse('2026-09-01T00:00:00Z');
const estimate = (demands: readonly Demand[], region: string, of: Prices) => estimateAt(demands, region, of, NOW);

const big: Demand = { what: 'server-1: big', count: 1, kind: 'instance', type: 'big' };
const cents = (amount: number | undefined) => (amount === undefined ? undefined : Math.round(amount * 1e5) / 1e5);

const cost = suite('cost');

cost('is summed in euros by hour, day and month, the dearest first', () => {
  const demands: Demand[] = [
    { what: 'disk', count: 2, kind: 'gp3', gib: 10 },
    { what: 'address', count: 1, kind: 'address' },
    { what: 'NAT', count: 0, kind: 'nat' },
    big,
  ];
  const sum = estimate(demands, 'here', prices);
  assert.equal(
    sum.items.map(({ what, hour }) => [what, cents(hour)]),
    [
      ['server-1: big', 0.1],
      ['address', 0.0025],
      ['2 x disk', 0.001],
    ],
  );
  assert.is(cents(sum.hour), 0.1035);
  assert.is(cents(sum.day), 2.484);
  assert.is(cents(sum.month), 75.555);
  assert.equal(sum.unpriced, []);
});

cost('knows every kind', () => {
  const one = (demand: Partial<Demand>) =>
    cents(estimate([{ what: 'x', count: 1, ...demand } as Demand], 'here', prices).items[0]?.hour);
  assert.is(one({ kind: 'kms' }), 0.005);
  assert.is(one({ kind: 's3', gib: 100, region: 'here' }), 0.0005);
  assert.is(one({ kind: 's3', gib: 100, region: 'elsewhere' }), undefined);
  assert.is(one({ kind: 'snapshot', gib: 73 }), 0.0025);
  assert.is(one({ kind: 'nat' }), 0.025);
  assert.is(one({ kind: 'load-balancer' }), 0.015);
  assert.is(one({ kind: 'control-plane', plane: { version: '1.35' } }), 0.05);
});

type Case = [
  day: string,
  plane: ControlPlane,
  priced: 'standard' | 'extended' | undefined,
  warning: RegExp | undefined,
];
const cases: Case[] = [
  ['2026-10-02', { version: '1.34' }, 'standard', undefined],
  ['2026-10-04', { version: '1.34' }, 'standard', /ends on 2026-12-02: raise cluster.version before, or EKS upgrades/],
  ['2026-12-01', { version: '1.34' }, 'standard', /ends on 2026-12-02/],
  // "At the beginning of the day", in UTC.
  ['2026-12-02', { version: '1.34' }, 'extended', /ended on 2026-12-02: EKS takes the price of extended support/],
  ['2026-12-02', { version: '1.34', policy: 'EXTENDED' }, 'extended', /ended on 2026-12-02/],
  ['2026-11-02', { version: '1.34', policy: 'EXTENDED' }, 'standard', /before, or it costs six times as much/],
  [
    '2026-12-02',
    { version: '1.34', policy: 'STANDARD' },
    'standard',
    /ended on 2026-12-02, and EKS upgrades it any time/,
  ],
  ['2026-12-02', { version: '1.34', until: '2027-06-01' }, 'standard', undefined],
  ['2026-08-15', { version: '1.34', until: '2026-08-15' }, 'extended', /ended on 2026-08-15/],
  ['2026-12-02', { version: '1.33' }, 'extended', undefined],
  ['2026-12-02', { version: '1.36' }, 'standard', undefined],
  ['2027-12-02', { version: '1.36' }, undefined, undefined],
];
for (const [day, plane, priced, warning] of cases)
  cost(`of a control plane ${Object.values(plane).join(', ')} on ${day} is ${priced ?? 'unknown'}`, () => {
    const now = Date.parse(`${day}T00:00:00Z`);
    const demand: Demand = { what: 'control plane', count: 1, kind: 'control-plane', plane };
    const { items, warnings, unpriced } = estimateAt([demand], 'here', prices, now);
    const [item] = items;
    assert.is(cents(item?.hour), { standard: 0.05, extended: 0.3, unknown: undefined }[priced ?? 'unknown']);
    assert.is(item?.what, priced === 'extended' ? 'control plane, in extended support' : 'control plane');
    assert.is(unpriced.length, priced === undefined ? 1 : 0);
    if (warning) assert.match(warnings.join(), warning);
    else assert.equal(warnings, []);
  });

const refusal = (act: () => void): string => {
  try {
    act();
    return 'accepted';
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: string[] };
    return [`${code}: ${message}`, ...details].join('\n');
  }
};

cost('is unknown, not small, where a price is missing', () => {
  const sum = estimate([big, { what: 'server-2: odd', count: 1, kind: 'instance', type: 'odd' }], 'here', prices);
  assert.equal(sum.unpriced, ['server-2: odd']);
  assert.match(
    refusal(() => withinBudget('s', { month: 1e6, drill: 1e6 }, sum)),
    /^COST_UNKNOWN: .*in here for server-2: odd/,
  );
  assert.equal(estimate([big], 'elsewhere', prices).unpriced, ['server-1: big']);
});

cost('above the budget is refused, and says what dominates', () => {
  const sum = estimate([big], 'here', prices);
  assert.is(
    refusal(() => withinBudget('s', { month: 73, drill: 1 }, sum)),
    'accepted',
  );
  assert.is(
    refusal(() => withinBudget('s', { month: 72.99, drill: 1 }, sum)),
    'BUDGET_EXCEEDED: cannot build s: a month of it costs 73.00 EUR, and its budget is 72.99 EUR\n' +
      '   73.00 EUR a month  server-1: big',
  );
});

cost('of a drill counts a whole hour at least', () => {
  const sum = estimate([big], 'here', prices);
  assert.is(
    refusal(() => withinDrillBudget('s', { month: 1, drill: 0.1 }, sum, 0.2)),
    'accepted',
  );
  assert.match(
    refusal(() => withinDrillBudget('s', { month: 1, drill: 0.1 }, sum, 2)),
    /^BUDGET_EXCEEDED: .*2 h of it cost 0.20 EUR, and a drill may cost 0.10 EUR/,
  );
});

cost('has prices with their date, for every region alike', async () => {
  const file = await readPrices();
  assert.match(file.asOf, /^20\d\d-/);
  assert.match(file.eks.calendar.source, /^https:\/\/docs\.aws\.amazon\.com\//);
  for (const [name, { instances }] of Object.entries(file.regions)) assert.ok(instances['t3.large'], name);
});

cost.run();
