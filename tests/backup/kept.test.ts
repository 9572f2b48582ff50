import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isExpendable, keptOf, neededKeys, readKept, withoutHoles } from '../../lib/backup/kept.ts';
import { sealOf } from '../../lib/backup/steps.ts';
import type { Ctx } from '../../lib/engine/index.ts';
import { idOf, type SetWorld, setWorld } from './set-world.ts';

const test = suite<{ world: SetWorld }>('what is left after an expiry');
test.before.each(async context => {
  context.world = await setWorld();
});
test.after.each(({ world }) => world.close());

const inWorld = (world: SetWorld) => {
  const ctx = { store: async () => world.store, clock: { now: () => world.now } } as unknown as Ctx;
  return { of: sealOf(world.site, world.place), ctx };
};

test('what is older than every kept set and of none that is there may go, and nothing else', async ({ world }) => {
  for (const n of [1, 2, 3, 4]) await world.backup(idOf(n));
  const { of, ctx } = inWorld(world);
  const kept = await readKept(of, ctx);
  assert.equal([kept.oldest, [...kept.ids]], [idOf(3), [idOf(4), idOf(3)]]);
  assert.equal(
    [1, 2, 3, 4, 5].map(n => isExpendable(kept, idOf(n))),
    [true, true, false, false, false],
  );
  assert.ok([...neededKeys(kept)].every(key => !key.includes(idOf(1))));
});

test('without a complete set nothing goes', () => {
  const kept = keptOf([{ id: idOf(9), complete: false, sources: [], problem: { code: 'SET_INCOMPLETE', text: 'x' } }]);
  assert.equal(
    [1, 9].map(n => isExpendable(kept, idOf(n))),
    [false, false],
  );
});

test('a set whose manifest does not hold keeps its own, and makes what others need unknown', async ({ world }) => {
  for (const n of [1, 2]) await world.backup(idOf(n));
  await world.store.put(`sets/${idOf(1)}/manifest.json`, '{}');
  const { of, ctx } = inWorld(world);
  const kept = await readKept(of, ctx);
  assert.equal([kept.oldest, kept.unsure, isExpendable(kept, idOf(1))], [idOf(2), true, false]);
});

test('what an expiry takes from a kept set is found at once; what was missing before is not its matter', async ({
  world,
}) => {
  await world.backup(idOf(1));
  const { of, ctx } = inWorld(world);
  const [first = '', second = ''] = [...neededKeys(await readKept(of, ctx))];
  await world.store.remove([first]);
  await withoutHoles(of, ctx, async () => {});
  const error = await withoutHoles(of, ctx, () => world.store.remove([second])).catch(thrown => thrown);
  assert.equal([error.code, error.details], ['SET_ARTEFACT_MISSING', [`${second}: not there`]]);
});

test.run();
