import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { k3sVersions, readLock } from '../../lib/artifact/index.ts';
import { providerOf } from '../../lib/host/index.ts';
import { loadInventory } from '../../lib/inventory/index.ts';
import { rebuildOf, siteDirs } from '../../lib/site/index.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

async function parts() {
  const lock = { k3sVersions: k3sVersions(await readLock(PROJECT)) };
  const site = await loadInventory(join(PROJECT, 'inventories/lab.yaml'), lock);
  const dirs = siteDirs(PROJECT, site.name);
  const { steps, beside, heartbeat, answers, ...early } = await rebuildOf(site, {
    dirs,
    provider: providerOf(site, dirs),
  });
  const ids = (part: (step: (typeof steps)[number]) => boolean) => steps.filter(part).map(({ id }) => id);
  return { early: Object.values(early).map(ids), answers: ids(answers), heartbeat: ids(heartbeat), beside, steps };
}

test('a rebuild never installs, migrates or seeds the application: its backup brings it', async () => {
  const { early, answers, steps } = await parts();
  assert.equal(
    early.flat().filter(id => id.startsWith('app.')),
    [],
  );
  assert.equal(
    answers.filter(id => id.startsWith('app.')),
    ['app.answers'],
  );
  // They are in the scripts: were they named otherwise, this test would promise nothing.
  for (const id of ['app.database', 'app.migrate', 'app.seed']) assert.ok(steps.some(step => step.id === id));
});

test('machines, cluster and add-ons come in turn, and nothing of them twice', async () => {
  const { early, beside } = await parts();
  const all = [...early.flat(), ...beside.map(({ id }) => id)];
  assert.is(new Set(all).size, all.length);
  assert.ok(
    early[0]?.includes('machine.power') && early[1]?.includes('cluster.ready') && early[2]?.includes('addon.velero'),
  );
});

test('what writes canaries sleeps until they were counted', async () => {
  const { early, heartbeat } = await parts();
  assert.equal(heartbeat, ['app.heartbeat']);
  assert.not.ok(early.flat().includes('app.heartbeat'));
});

test.run();
