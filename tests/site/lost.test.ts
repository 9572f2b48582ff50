import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Machine, Provider, Resource } from '../../lib/host/provider.ts';
import { type OpenSite, refuseLiving } from '../../lib/site/index.ts';
import { setsLeft } from '../../lib/site/sets-left.ts';
import { make, newWorld, type World } from '../engine/world.ts';
import { openWorld } from './world.ts';

const test = suite<{ dir: string }>('whether a site is gone');
test.before.each(async context => {
  context.dir = await mkdtemp(join(tmpdir(), 'muster-lost-'));
});
test.after.each(({ dir }) => rm(dir, { recursive: true, force: true }));

const machine = (power: Machine['power']): Machine => ({
  name: 'server-1',
  id: '8f14e45f',
  power,
  tags: { site: 'test', owner: '', run: '' },
});

function siteWith(dir: string, provider: Partial<Provider>): OpenSite {
  const { open } = openWorld(dir, 'lab');
  return { ...open, provider: { ...open.provider, ...provider } };
}

test('machines that are there are refused by their identity, off ones too', async ({ dir }) => {
  for (const power of ['on', 'off'] as const) {
    const open = siteWith(dir, { machines: async () => [machine(power)] });
    const error = await refuseLiving(open).catch(thrown => thrown);
    assert.equal(
      [error.code, error.exit, error.details],
      ['RESTORE_TARGET', 4, [`machine server-1 (8f14e45f): ${power}`]],
    );
    assert.match(error.hint, './muster destroy --site test --confirm=test, which keeps the backups');
  }
});

test('a machine whose notes are lost is found by what the provider sees', async ({ dir }) => {
  const left: Resource[] = [{ kind: 'container', id: 'muster-test-server-1-8f14', detail: 'process 812' }];
  const open = siteWith(dir, { machines: async () => [], list: async () => left });
  const error = await refuseLiving(open).catch(thrown => thrown);
  assert.equal(error.details, ['container muster-test-server-1-8f14: process 812']);
});

test('nothing there is gone, and that is what a rebuild wants', async ({ dir }) =>
  refuseLiving(siteWith(dir, { machines: async () => [], list: async () => [] })));

/** Hosts that somebody brought: what lives is what muster put there. */
const refusal = (dir: string, world: World, observe?: () => Promise<boolean>) => {
  const step = make(world, 'k3s', { absent: true, ...(observe && { observe }) });
  return refuseLiving(siteWith(dir, { owned: false }), () => [step]).catch(thrown => thrown);
};

test('hosts that were brought are full, or empty, or do not say', async ({ dir }) => {
  const world = newWorld();
  assert.is(await refusal(dir, world), undefined);
  world.names.add('k3s');
  const full = await refusal(dir, world);
  assert.equal([full.code, full.details], ['RESTORE_TARGET', ['one: k3s']]);
  const silent = await refusal(dir, world, () => Promise.reject(new Error('no route')));
  assert.equal([silent.code, silent.exit], ['CHECK_UNRUN', 2]);
});

test('whether it has sets: none without a backup or an escrow; not known where the escrow does not open', async ({
  dir,
}) => {
  const place = join(dir, 'escrow');
  const backup = { store: { kind: 'local' }, sources: [], escrow: { recipients: [], places: [place, place] } };
  const open = siteWith(dir, {});
  const kept = { ...open, site: { ...open.site, backup } } as unknown as OpenSite;
  assert.equal([await setsLeft(open), await setsLeft(kept)], [false, false]);
  await mkdir(place);
  assert.is(await setsLeft(kept), false);
  await writeFile(join(place, 'generation-0001.json'), '{}');
  assert.is(await setsLeft(kept), undefined);
});

test.run();
