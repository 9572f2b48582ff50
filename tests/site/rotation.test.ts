import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { k3sVersions, readLock } from '../../lib/artifact/index.ts';
import { providerOf } from '../../lib/host/index.ts';
import { loadInventory } from '../../lib/inventory/index.ts';
import { type OpenSite, siteDirs } from '../../lib/site/index.ts';
import { credentialNames, rotationPhases } from '../../lib/site/rotate.ts';
import { openWorld } from './world.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

async function phases(): Promise<Map<string, string[]>> {
  const lock = { k3sVersions: k3sVersions(await readLock(PROJECT)) };
  const site = await loadInventory(join(PROJECT, 'inventories/lab.yaml'), lock);
  const dirs = siteDirs(PROJECT, site.name);
  const open: OpenSite = { ...openWorld(PROJECT, 'lab').open, site, dirs, provider: providerOf(site, dirs) };
  const all = await rotationPhases(open, { id: 'one', credentials: credentialNames(open) });
  return new Map(all.map(({ name, steps }) => [name, steps.map(({ id }) => id)]));
}

test('the site is told by steps of its bootstrap, and looked at by them: a name that no step has would be left out silently', async () => {
  const of = await phases();
  assert.equal([...(of.get('telling the site') ?? [])].sort(), [
    'addon.velero',
    'app.frontend',
    'app.secrets',
    'postgres.access',
    'site-ca',
  ]);
  assert.equal([...(of.get('looking at the site') ?? [])].sort(), ['addon.velero', 'app.answers', 'cluster.ready']);
});

test('new values are sealed before they are let in, and old ones end after the site was told', async () => {
  const names = [...(await phases()).keys()];
  const ends = names.filter(name => name.startsWith('letting the old one in no more'));
  assert.ok(ends.length > 5);
  const at = (name: string) => names.indexOf(name);
  assert.ok(at('preparing') < at('letting both in') && at('letting both in') < at('changing over'));
  for (const name of ends) assert.ok(at(name) > at('seeing it everywhere'));
  assert.ok(at('sealing what is in use now') > at(ends.at(-1) ?? ''));
});

test.run();
