import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckResult } from '../../../lib/backup/check.ts';
import { runChecks } from '../../../lib/backup/run-checks.ts';
import { partOf } from '../../../lib/backup/set.ts';
import { contentChecks, recordCheck, volumeChecks } from '../../../lib/backup/velero/checks.ts';
import { veleroDamages } from '../../../lib/backup/velero/damages/index.ts';
import type { Kopia } from '../../../lib/backup/velero/kopia.ts';
import { scratchVolumes } from '../../../lib/backup/velero/readers.ts';
import { Secret } from '../../../lib/secret/index.ts';
import { using, type VeleroWorld, veleroWorld } from './velero-world.ts';

const test = suite<{ world: VeleroWorld }>('what Velero keeps, read without Velero');
test.before(async context => {
  context.world = await veleroWorld();
});
test.after(({ world }) => world?.close());

/** Without a cluster: the record, the content, the files, of the set as it is sealed now. */
const climb = async (world: VeleroWorld, password?: Secret): Promise<CheckResult[]> =>
  using(await world.open(password && { password }), async kopia => {
    const part = partOf(world.copy.set.manifest, 'velero') ?? world.part;
    const record = await runChecks([recordCheck(part)], world.store);
    const content = await runChecks(contentChecks(part), kopia);
    const files = await world.scratch(async folder =>
      runChecks(
        volumeChecks(part),
        scratchVolumes(async () => kopia, folder, world.ctx),
      ),
    );
    return [...record, ...content, ...files];
  });

const short = (results: readonly CheckResult[]) =>
  results.map(({ level, state, code }) => [level, state, code].join(' ').trim());

test('is whole in a scratch folder: every file, with hostile names, modes and links', async ({ world }) => {
  assert.equal(short(await climb(world)), ['L1 passed', 'L1 passed', 'L4 passed']);
});

for (const { id, title } of veleroDamages({} as never)) {
  test(`is found when ${id}: ${title}`, async ({ world }) => {
    const damage = veleroDamages(world.damages).find(other => other.id === id);
    try {
      await damage?.plant(world.copy);
      const failed = (await climb(world)).filter(({ state }) => state !== 'passed');
      // The first rung tells.
      assert.equal(short(failed)[0], `${damage?.expect.level} failed ${damage?.expect.code}`, JSON.stringify(failed));
    } finally {
      await world.heal();
    }
  });
}

test('does not open with a key that is not its own', async ({ world }) => {
  const results = short(await climb(world, new Secret('another')));
  assert.equal(results, ['L1 passed', 'L1 failed KEY_WRONG', 'L4 unrun CHECK_UNRUN']);
});

test('leaves a check unrun where the store is away, never failed', async ({ world }) => {
  const verify = async () => using(await world.open({ here: 'https://127.0.0.1:9' }), kopia => kopia.verify([]));
  const [result] = await runChecks(contentChecks(world.part), { verify } as unknown as Kopia);
  assert.equal([result?.state, result?.code], ['unrun', 'STORE_UNREACHABLE']);
});

test.run();
