import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { storeCredential } from '../../lib/backup/store/credential.ts';
import type { AnyStep } from '../../lib/engine/index.ts';
import { oldOf, promote } from '../../lib/secret/index.ts';
import { letsIn, type Role, storeSecrets } from '../../lib/store/index.ts';
import { type StoreWorld, storeWorld } from './store-world.ts';

const ROLES: readonly Role[] = ['site', 'reader', 'admin'];

const store = suite<{ world: StoreWorld }>('keys of a local store that are changed');
store.before(async context => {
  context.world = await storeWorld('store-keys');
  await context.world.run();
});
store.after(({ world }) => world.close());

const all = (world: StoreWorld) => Promise.all(ROLES.map(role => world.access(role)));
const letIn = async (world: StoreWorld, accesses: Awaited<ReturnType<typeof all>>) => {
  const answers = await Promise.all(accesses.map(access => letsIn(access, world.env)));
  return ROLES.filter((_, n) => answers[n]);
};
const run = (world: StoreWorld, steps: readonly AnyStep[]) =>
  world.run(steps.map(step => ({ ...step, needs: [] }))).then(({ changed }) => changed.map(key => key.split(' ')[0]));

store(
  'the new keys open it beside the old ones, then alone; a run in between changes nothing back',
  async ({ world }) => {
    const { secrets } = world;
    const credential = storeCredential(world.site, 'one');
    const before = await all(world);
    await credential.make({ secrets, clock: world.env.clock });
    assert.equal(await run(world, credential.before), ['store.users']);
    assert.equal(await letIn(world, before), [...ROLES]);

    for (const name of credential.secrets) await promote(secrets, name);
    const after = await all(world);
    assert.equal([await letIn(world, before), await letIn(world, after)], [[...ROLES], [...ROLES]]);

    assert.equal(await run(world, credential.after), ['store.retire']);
    const [site, reader, admin] = await all(world);
    assert.ok(site && reader && admin);
    assert.equal([await letIn(world, before), await letIn(world, [site, reader, admin])], [[], [...ROLES]]);
    assert.equal([await run(world, credential.before), await run(world, credential.after)], [[], []]);
    assert.equal((await world.run()).changed, []);
  },
);

store(
  'what was changed halfway by a bootstrap is not lost: the store knows the new keys from the first step on',
  async ({ world }) => {
    const { secrets } = world;
    const credential = storeCredential(world.site, 'two');
    await credential.make({ secrets, clock: world.env.clock });
    await run(world, credential.before);
    await world.run();
    for (const name of credential.secrets) await promote(secrets, name);
    await run(world, credential.after);
    assert.equal(await letIn(world, await all(world)), [...ROLES]);
    assert.ok(await oldOf(storeSecrets(world.files), 'store/admin-access-key'));
  },
);

store.run();
