import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Machine } from '../../lib/host/provider.ts';
import { loadInventory } from '../../lib/inventory/index.ts';
import { spentBy } from '../../lib/site/spent.ts';
import { ROOT } from '../architecture/tree.ts';

const load = (name: string) =>
  loadInventory(join(ROOT, `inventories/${name}.yaml`), { k3sVersions: ['v1.36.3+k3s-lab', 'v1.36.4+k3s1'] });
const made = (run: string): Machine => ({ name: 'x', id: 'i-1', power: 'on', tags: { site: 's', owner: '', run } });

const spent = suite('what a site has cost so far');

spent('counts from the run that made its oldest machine', async () => {
  const site = await load('staging');
  const machines = [made('2026-11-20T12-00-00-000Z-bbbbbbbb'), made('2026-11-20T10-30-00-000Z-aaaaaaaa')];
  const seen = await spentBy(site, machines, Date.parse('2026-11-20T14:30:00Z'));
  assert.is(seen?.since, '2026-11-20T10:30:00.000Z');
  assert.is(seen?.total, (seen?.hour ?? 0) * 4);
  assert.ok((seen?.hour ?? 0) > 0);
});

spent('is told by the hour alone when no machine says since when', async () => {
  const seen = await spentBy(await load('staging'), [made('by hand')], 0);
  assert.equal(Object.keys(seen ?? {}), ['hour']);
});

spent('is nothing for a lab on this computer', async () => {
  assert.is(await spentBy(await load('lab'), [], 0), undefined);
});

spent.run();
