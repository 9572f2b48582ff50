import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Call } from '../../lib/cli/verb.ts';
import { planOf } from '../../lib/cli/verbs/plan.ts';
import { holdBudget, siteCost } from '../../lib/cost/index.ts';
import type { DrillWant } from '../../lib/drill/drill-site.ts';
import { planRebuild, rebuildSite } from '../../lib/drill/rebuild-site.ts';
import { rehearseSite } from '../../lib/drill/rehearse.ts';
import { loadInventory, type Site } from '../../lib/inventory/index.ts';
import { runBootstrap } from '../../lib/site/bootstrap.ts';
import type { OpenSite } from '../../lib/site/index.ts';
import { systemClock } from '../../lib/time/index.ts';
import { ROOT } from '../architecture/tree.ts';
import { openWorld } from '../site/world.ts';

const site = {
  ...(await loadInventory(join(ROOT, 'inventories/staging.yaml'), { k3sVersions: ['v1.36.4+k3s1'] })),
  budget: { month: 1, drill: 0.001 },
};
/** With nothing that could be made, or even asked. */
const bare = { site, ports: { clock: systemClock } } as OpenSite;
const code = (act: Promise<unknown>) =>
  act.then(
    () => 'it went on',
    error => error.code ?? String(error),
  );

const test = suite('a site above its budget');

for (const [verb, act] of [
  ['bootstrap', () => runBootstrap(bare, {})],
  ['rebuild', () => rebuildSite(bare, {})],
  ['rebuild --dry-run', () => planRebuild(bare, {})],
  ['drill --rehearse', () => rehearseSite(bare, { scenario: {} } as DrillWant)],
] as const)
  test(`is refused before anything else is done: ${verb}`, async () => assert.is(await code(act()), 'BUDGET_EXCEEDED'));

test('is planned, shown and refused', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'muster-budget-'));
  await mkdir(join(dir, 'scripts'));
  const shown: string[] = [];
  const out = { data: (text: string) => shown.push(text), status: () => {} };
  const { open } = openWorld(dir, 'staging');
  const act = planOf({ ...open, site }, { flags: {}, out } as unknown as Call);
  assert.is(await code(act), 'BUDGET_EXCEEDED');
  assert.is(shown.length, 1);
  await rm(dir, { recursive: true });
});

test('a cluster of another hand costs nothing of ours, what is beside it does, and its rehearsal is held', async () => {
  const production = await loadInventory(join(ROOT, 'inventories/production.yaml'), { k3sVersions: [] });
  const existing = { ...production.cluster, existing: 'platform' } as Site['cluster'];
  const inTheirs = { ...production, cluster: existing, budget: site.budget };
  const now = systemClock.now();
  assert.equal((await siteCost(inTheirs, now))?.items, []);
  assert.is(await code(holdBudget(inTheirs, now)), 'it went on');
  const filled = { ...inTheirs, budget: { ...site.budget, expect: { store: 100 * 2 ** 30 } } };
  assert.equal(
    (await siteCost(filled, now))?.items.map(({ what }) => what),
    ['expected in company-muster-production: 100.0 GiB of S3'],
  );
  assert.is(await code(holdBudget(filled, now)), 'BUDGET_EXCEEDED');
  const open = { ...bare, site: inTheirs };
  assert.is(await code(rehearseSite(open, { scenario: {} } as DrillWant)), 'BUDGET_EXCEEDED');
});

test.run();
