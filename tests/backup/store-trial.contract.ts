import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { storeSteps } from '../../lib/backup/store/index.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { siteDirs } from '../../lib/site/place.ts';
import { type StoreWorld, s3Place, storeWorld } from './store-world.ts';

const trial = suite<{ world: StoreWorld }>('what the keys of a site may, in a bucket that is hardened already');
trial.before(async context => {
  context.world = await storeWorld('store-trial');
  await context.world.run();
});
trial.after(({ world }) => world.close());

/** As an inventory names it, with a role's keys as the site's. */
async function given(world: StoreWorld, role: 'site' | 'admin', bucket: string): Promise<Site> {
  const [own, reader, admin] = await Promise.all(
    ([role, 'reader', 'admin'] as const).map(as => s3Place(world, as, bucket)),
  );
  return { ...world.site, backup: { store: { ...own, reader, admin }, sources: [] } } as unknown as Site;
}

const run = async (world: StoreWorld, site: Site) => (await world.run(storeSteps(site))).changed;
const notes = ({ project, site }: StoreWorld) => {
  const { state } = siteDirs(project, site.name);
  return readdirSync(state)
    .filter(name => name.startsWith('denials-'))
    .map(name => join(state, name));
};

trial('is tried once for these keys, and noted without their ids', async ({ world }) => {
  const site = await given(world, 'site', 'given');
  assert.equal(await run(world, site), ['store.bucket site/store-trial']);
  assert.equal(await run(world, site), []);
  const { accessKey } = await world.access('site');
  for (const note of notes(world)) assert.not.ok(readFileSync(note, 'utf8').includes(accessKey.reveal()));
});

trial('is tried where nobody noted that it was, though no setting is wrong', async ({ world }) => {
  const site = await given(world, 'site', 'given');
  for (const note of notes(world)) rmSync(note);
  assert.equal(await run(world, site), ['store.bucket site/store-trial']);
  assert.equal(await run(world, site), []);
});

trial('that may erase history are found out, again and again', async ({ world }) => {
  const site = await given(world, 'admin', 'owned');
  const tried = () => run(world, site).then(String, ({ code }) => code);
  assert.equal([await tried(), await tried()], ['STORE_UNSAFE', 'STORE_UNSAFE']);
});
trial.run();
