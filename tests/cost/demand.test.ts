import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demandOf, holdBudget, holdDrillBudget, notCounted, runningCost, siteCost } from '../../lib/cost/index.ts';
import { loadInventory, type Site } from '../../lib/inventory/index.ts';
import { ROOT } from '../architecture/tree.ts';

const NOW = Date.parse('2026-09-01T00:00:00Z');
const GIB = 2 ** 30;
const load = (name: string) =>
  loadInventory(join(ROOT, `inventories/${name}.yaml`), { k3sVersions: ['v1.36.3+k3s-lab', 'v1.36.4+k3s1'] });
const production = await load('production');
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/1';
const CAP = { month: 150, drill: 5 };

type Expect = NonNullable<NonNullable<Site['budget']>['expect']>;
const expecting = (expect: Expect, site = production): Site => ({ ...site, budget: { ...CAP, expect } });
function withStore(more: object): Site {
  const { backup } = production;
  if (backup?.store.kind !== 's3') throw new Error('its store is none of S3');
  return { ...production, backup: { ...backup, store: { ...backup.store, ...more } } };
}

const items = async (site: Site): Promise<string[]> => {
  const planned = await siteCost(site, NOW);
  const made = demandOf(site)?.demands.map(({ what }) => what) ?? [];
  return (planned?.items ?? []).map(({ what }) => what).filter(what => !made.some(each => what.endsWith(each)));
};

const cost = suite('what a site asks of a cloud');

const cases: [string, Site, string[]][] = [
  ['nothing that nobody said', production, []],
  [
    'load balancers with their addresses',
    expecting({ loadBalancers: 1 }),
    ['expected load balancer', '2 x public address of load balancers'],
  ],
  ['volumes', expecting({ volumes: 50 * GIB }), ['expected volumes: 50 GiB gp3']],
  ['snapshots', expecting({ snapshots: 50 * GIB }), ['expected snapshots: 50 GiB']],
  ['the store', expecting({ store: 20 * GIB }), ['expected in company-muster-production: 20.0 GiB of S3']],
  ['keys of KMS', withStore({ kmsKey: KEY }), ['key of KMS for company-muster-production']],
  [
    'a replica with all that the store has, in its own region',
    expecting(
      { store: 20 * GIB },
      withStore({
        replica: { endpoint: 'https://s3.eu-west-1.amazonaws.com', region: 'eu-west-1', bucket: 'copy', kmsKey: KEY },
      }),
    ),
    [
      'key of KMS for copy',
      'expected in company-muster-production: 20.0 GiB of S3',
      'expected in copy: 20.0 GiB of S3',
    ],
  ],
  [
    'no store that lies elsewhere',
    expecting({ store: 20 * GIB }, withStore({ endpoint: 'https://s3.example.org', kmsKey: KEY })),
    [],
  ],
];
for (const [what, site, expected] of cases) cost(`has ${what}`, async () => assert.equal(await items(site), expected));

cost('says what is not counted, until the inventory says how much', () => {
  assert.is(
    notCounted(production),
    'traffic, requests, and without a word of budget.expect load balancers, volumes, snapshots, what lies in the store',
  );
  const all = { loadBalancers: 0, volumes: GIB, snapshots: GIB, store: GIB };
  assert.is(notCounted(expecting(all)), 'traffic, requests');
  const unused = 'traffic, requests; budget.expect.store: the site has no bucket at AWS';
  const { backup: _, ...bare } = production;
  for (const site of [withStore({ endpoint: 'https://s3.example.org' }), bare])
    assert.is(notCounted(expecting(all, site)), unused);
});

const code = (act: Promise<unknown>) =>
  act.then(
    () => 'it went on',
    error => error.code ?? String(error),
  );

cost(
  'is held to the budget with what is expected; a rehearsal has load balancers and volumes, and no store of its own',
  async () => {
    assert.is(await code(holdBudget(production, NOW)), 'it went on');
    assert.is(await code(holdBudget(expecting({ loadBalancers: 1 }), NOW)), 'BUDGET_EXCEEDED');
    assert.is(await code(holdBudget(expecting({ store: 1000 * GIB }), NOW)), 'BUDGET_EXCEEDED');
    const hours = 2;
    assert.is(await code(holdDrillBudget(expecting({ store: 100_000 * GIB }), hours, NOW)), 'it went on');
    assert.is(await code(holdDrillBudget(expecting({ loadBalancers: 100 }), hours, NOW)), 'BUDGET_EXCEEDED');
  },
);

cost('of a rehearsal on EKS has the way to EC2 behind its fence, in both zones', async () => {
  const error = await holdDrillBudget({ ...production, budget: { month: 1, drill: 0.001 } }, 2, NOW).catch(got => got);
  assert.match(error.details.join(), /2 x way to EC2 behind the fence/);
  assert.not.match((await items(production)).join(), /fence/);
});

cost('of a version past its standard support is the extended one, and says so', async () => {
  if (production.cluster.kind !== 'eks') throw new Error('it is none of EKS');
  const old = { ...production, cluster: { ...production.cluster, version: '1.33' } };
  const sum = await siteCost(old, NOW);
  assert.is(sum?.items[0]?.what, 'EKS control plane, Kubernetes 1.33, in extended support');
  assert.match(sum?.warnings.join() ?? '', /1\.33 ended on 2026-07-29/);
  // As EKS has it: what it runs is what costs, not what is wanted.
  const running = await runningCost(old, NOW, { plane: { version: '1.36', policy: 'STANDARD' }, beside: [] });
  assert.is(running?.base.items.find(({ what }) => what.startsWith('EKS'))?.what, 'EKS control plane, Kubernetes 1.36');
});

cost.run();
