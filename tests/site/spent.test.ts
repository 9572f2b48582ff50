import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Machine } from '../../lib/host/provider.ts';
import { loadInventory } from '../../lib/inventory/index.ts';
import { type OpenSite, siteStatus } from '../../lib/site/index.ts';
import { spentBy, spentOn } from '../../lib/site/spent.ts';
import { ROOT } from '../architecture/tree.ts';
import { openWorld } from './world.ts';

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

/** An account with this cluster, or one that gives no answer. */
const inAccount = (cluster: object | Error) =>
  ({
    network: async () => undefined,
    steps: () => [],
    aws: { call: async () => (cluster instanceof Error ? Promise.reject(cluster) : { cluster }) },
  }) as unknown as OpenSite['provider'];

spent('counts on EKS from the making of the cluster, since its machines are none of ours', async () => {
  const site = await load('production');
  const ports = { clock: { now: () => Date.parse('2026-11-20T14:30:00Z') } } as unknown as OpenSite['ports'];
  const createdAt = new Date('2026-11-20T12:30:00Z');
  const ours = { createdAt, tags: { 'muster:site': 'production' } };
  const seen = await spentOn({ site, ports, provider: inAccount(ours) }, []);
  assert.is(seen?.since, '2026-11-20T12:30:00.000Z');
  assert.is(seen?.total, (seen?.hour ?? 0) * 2);
  assert.is(await spentOn({ site, ports, provider: inAccount({ createdAt }) }, []), undefined);
  assert.is(await spentOn({ site, ports, provider: inAccount(new Error('no answer')) }, []), undefined);
});

spent('is told by the status of a site on EKS', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'muster-spent-'));
  await mkdir(join(dir, 'scripts'));
  const { backup: _, ...site } = await load('production');
  const { open } = openWorld(dir, 'staging');
  const ours = { createdAt: new Date(0), tags: { 'muster:site': 'production' } };
  const provider = { ...inAccount(ours), machines: async () => [] };
  const seen = await siteStatus({ ...open, site, provider });
  assert.is(seen.spent?.since, '1970-01-01T00:00:00.000Z');
  await rm(dir, { recursive: true });
});

spent('is nothing for a lab on this computer', async () => {
  assert.is(await spentBy(await load('lab'), [], 0), undefined);
});

spent.run();
