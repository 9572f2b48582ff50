import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { forgetBegun, readBegun, writeBegun } from '../../lib/drill/rebuild-begun.ts';
import { planRebuild, rebuildSite } from '../../lib/drill/rebuild-site.ts';
import { keepLoss, openTimeline } from '../../lib/drill/timeline.ts';
import type { OpenSite } from '../../lib/site/index.ts';
import { openWorld } from '../site/world.ts';
import { MANIFEST } from './sample.ts';

const test = suite<{ dir: string; open: OpenSite }>('a rebuild');
test.before.each(async context => {
  context.dir = await mkdtemp(join(tmpdir(), 'muster-rebuild-'));
  const { open } = openWorld(context.dir, 'lab');
  context.open = open;
  await mkdir(open.dirs.state, { recursive: true });
});
test.after.each(({ dir }) => rm(dir, { recursive: true, force: true }));

const OTHER = '20261120T152041Z-0a1b2c3d';
const begun = { id: OTHER, set: MANIFEST.id };

test('what is under way is known until it is forgotten, and what is no note of it is none', async ({ open }) => {
  assert.is(await readBegun(open.dirs), undefined);
  await writeBegun(open.dirs, begun);
  assert.equal(await readBegun(open.dirs), begun);
  assert.equal(await readdir(open.dirs.state), ['rebuild.json']);
  await forgetBegun(open.dirs);
  assert.is(await readBegun(open.dirs), undefined);
});

test('goes on from the set with which it began: another one is refused, with what to type for either', async ({
  open,
}) => {
  await writeBegun(open.dirs, begun);
  for (const want of [{ set: OTHER }, { at: '2026-11-21T15:00:00Z' }])
    for (const act of [planRebuild, rebuildSite]) {
      const error = await act(open, want).catch(thrown => thrown);
      assert.equal([error.code, error.exit], ['RESTORE_TARGET', 4]);
      assert.match(error.hint, /rebuild --site test --confirm=test goes on.*destroy --site test/);
    }
});

test('of what lives is refused before its escrow is opened', async ({ open }) => {
  const machine = { name: 'server-1', id: 'x', power: 'on' as const, tags: { site: 'test', owner: '', run: '' } };
  const living = { ...open, provider: { ...open.provider, machines: async () => [machine] } };
  const error = await rebuildSite(living, {}).catch(thrown => thrown);
  assert.equal([error.code, error.details], ['RESTORE_TARGET', ['machine server-1 (x): on']]);
});

test('that failed is tried again with the loss of which the first try was told', async ({ dir }) => {
  const [first, second] = ['one', 'two'].map(name => join(dir, name));
  const boot = () => ({ boot: 'b', ms: 5 });
  const earlier = await openTimeline(first ?? '', { now: () => 1000 }, boot);
  for (const mark of ['t0', 't2', 't3'] as const) await earlier.mark(mark);
  await keepLoss(first ?? '', second ?? '');
  const later = await openTimeline(second ?? '', { now: () => 9000 }, boot);
  assert.equal(
    later.marks().map(({ mark, at }) => [mark, Date.parse(at)]),
    [['t0', 1000]],
  );
});

test.run();
