import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Metered } from '../../lib/cost/index.ts';
import type { Machine } from '../../lib/host/provider.ts';
import { loadInventory } from '../../lib/inventory/index.ts';
import { type OpenSite, siteStatus } from '../../lib/site/index.ts';
import { spentBy, spentOn } from '../../lib/site/spent.ts';
import { ROOT } from '../architecture/tree.ts';
import { openWorld } from './world.ts';

const load = (name: string) =>
  loadInventory(join(ROOT, `inventories/${name}.yaml`), { k3sVersions: ['v1.36.3+k3s-lab', 'v1.36.4+k3s1'] });
const made = (run: string): Machine => ({ name: 'x', id: 'i-1', power: 'on', tags: { site: 's', owner: '', run } });

const NOTHING = { machines: [], beside: [], lacks: [] };

const spent = suite('what a site has cost so far');

spent('counts from the run that made its oldest machine', async () => {
  const site = await load('staging');
  const machines = [made('2026-11-20T12-00-00-000Z-bbbbbbbb'), made('2026-11-20T10-30-00-000Z-aaaaaaaa')];
  const seen = await spentBy(site, { ...NOTHING, machines }, Date.parse('2026-11-20T14:30:00Z'));
  assert.is(seen?.since, '2026-11-20T10:30:00.000Z');
  assert.is(seen?.total, (seen?.hour ?? 0) * 4);
  assert.ok((seen?.hour ?? 0) > 0);
});

spent('is told by the hour alone when no machine says since when', async () => {
  const seen = await spentBy(await load('staging'), { ...NOTHING, machines: [made('by hand')] }, 0);
  assert.equal(Object.keys(seen ?? {}), ['hour']);
});

spent('has what Kubernetes made, each since it was made, and says what has no price', async () => {
  const now = Date.parse('2026-11-20T14:30:00Z');
  const machines = [made('2026-11-20T10-30-00-000Z-aaaaaaaa')];
  const site = await load('staging');
  const before = await spentBy(site, { ...NOTHING, machines }, now);
  const beside: Metered[] = [
    { what: 'volume', count: 1, kind: 'gp3', gib: 10, since: now - 3_600_000 },
    { what: 'load balancer', count: 1, kind: 'load-balancer', since: now - 7_200_000 },
    { what: 'what lies', count: 1, kind: 's3', gib: 10, region: 'eu-central-1' },
    { what: 'volume: io2', count: 1, kind: 'unpriced' },
  ];
  const seen = await spentBy(site, { machines, beside, lacks: ['the store: no answer'] }, now);
  const [balancer, volume, lies] = seen?.beside ?? [];
  assert.equal([balancer?.what, volume?.what, lies?.what], ['load balancer', 'volume', 'what lies']);
  const [a = 0, b = 0, c = 0] = [balancer?.hour, volume?.hour, lies?.hour];
  const near = (got = 0, want = 0) => assert.ok(want > 0 && Math.abs(got - want) < 1e-9, `${got} is not ${want}`);
  near(seen?.hour, (before?.hour ?? 0) + a + b + c);
  near(seen?.total, (before?.total ?? 0) + a * 2 + b + c * 4);
  assert.equal(seen?.lacks, ['the store: no answer', 'volume: io2: no price is known']);
});

spent('counts what is seen instead of what the inventory expects', async () => {
  const site = await load('staging');
  const expecting = { ...site, budget: { month: 1, drill: 1, expect: { loadBalancers: 9, store: 2 ** 40 } } };
  assert.is((await spentBy(expecting, NOTHING, 0))?.hour, (await spentBy(site, NOTHING, 0))?.hour);
});

/** An account with this cluster, or one that gives no answer. */
const inAccount = (cluster: object | Error, clusterVersions: object[] = []) =>
  ({
    network: async () => undefined,
    steps: () => [],
    aws: { call: async () => (cluster instanceof Error ? Promise.reject(cluster) : { cluster, clusterVersions }) },
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

spent('takes for a control plane what EKS itself says of its version, and of what follows', async () => {
  const site = await load('production');
  const now = Date.parse('2026-11-20T14:30:00Z');
  const ports = { clock: { now: () => now } } as unknown as OpenSite['ports'];
  const seen = (supportType: string, until: string) => {
    const cluster = { version: '1.36', upgradePolicy: { supportType }, tags: { 'muster:site': 'production' } };
    const versions = [{ clusterVersion: '1.36', endOfStandardSupportDate: new Date(until) }];
    return spentOn({ site, ports, provider: inAccount(cluster, versions) }, []);
  };
  const cheap = await seen('STANDARD', '2027-06-01');
  assert.is(cheap?.warnings, undefined);
  assert.match((await seen('STANDARD', '2026-12-20'))?.warnings?.join() ?? '', /ends on 2026-12-20.*EKS upgrades/);
  const late = await seen('STANDARD', '2026-11-01');
  assert.match(late?.warnings?.join() ?? '', /ended on 2026-11-01, and EKS upgrades it any time now/);
  assert.is(late?.hour, cheap?.hour);
  const dear = await seen('EXTENDED', '2026-11-01');
  assert.match(dear?.warnings?.join() ?? '', /ended on 2026-11-01/);
  // Five tenths of a dollar more.
  assert.ok((dear?.hour ?? 0) - (cheap?.hour ?? 0) > 0.4, `${dear?.hour} ${cheap?.hour}`);
});

spent('says of what lies in the store that old versions are not in it', async () => {
  const site = await load('production');
  const store = async () => ({ list: async () => [{ key: 'sets/1/x', size: 2 ** 30 }] });
  const ports = { clock: { now: () => 0 }, store } as unknown as OpenSite['ports'];
  const provider = inAccount({ createdAt: new Date(0), tags: { 'muster:site': 'production' } });
  const seen = await spentOn({ site, ports, provider }, []);
  assert.equal(
    seen?.beside?.map(({ what }) => what),
    ['what lies without old versions in company-muster-production: 1.0 GiB of S3'],
  );
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
  assert.is(await spentBy(await load('lab'), NOTHING, 0), undefined);
});

spent.run();
