import { suite } from 'uvu';
import { equal } from 'uvu/assert';
import { replayedCheck } from '../../../lib/backup/restore/index.ts';
import { runChecks } from '../../../lib/backup/run-checks.ts';
import type { PartOf } from '../../../lib/backup/set.ts';
import type { Postgres } from '../../../lib/backup/source.ts';
import type { ObjectStore } from '../../../lib/engine/index.ts';

const part = {
  facts: { pgbackrest: { stanza: 'main', walFirst: '000000010000000000000003' } },
} as unknown as PartOf<'postgres'>;

/** What the database says, against what the archive has. */
async function look(said: string, ...segments: string[]): Promise<string | undefined> {
  const keys = segments.map(name => `pgbackrest/archive/main/15-1/${name.slice(0, 16)}/${name}-${'a'.repeat(40)}.zst`);
  const list = async () => keys.map(key => ({ key, size: 1, modified: '2026-11-21T12:00:00.000Z' }));
  const postgres = { psql: async () => `${said}\n` } as unknown as Postgres;
  const [result] = await runChecks([replayedCheck(part, async () => ({ list }) as unknown as ObjectStore)], postgres);
  return result?.code ?? result?.state;
}

const one = (...numbers: number[]) => numbers.map(n => `0000000100000000000000${String(n).padStart(2, '0')}`);

const replayed = suite('a restore with all its WAL');

replayed('went on from the newest segment of the archive', async () => {
  equal(await look('2|0/5000100', ...one(3, 4, 5)), 'passed');
  equal(await look('2|0/6000000', ...one(3, 4, 5)), 'passed');
});

replayed('is found when it ended at the point though the archive leads on', async () => {
  equal(await look('2|0/3000100', ...one(3, 4, 5)), 'RESTORE_FAILED');
  equal(await look('2|0/4FFFFFF', ...one(3, 4, 5)), 'RESTORE_FAILED');
});

replayed('what it has archived since on its own timeline is not asked of it', async () => {
  equal(
    await look('2|0/5000100', ...one(3, 4, 5), ...one(5, 6, 7).map(name => name.replace('00000001', '00000002'))),
    'passed',
  );
});

replayed('of a server that started anew nothing is known', async () => {
  equal(await look('2|', ...one(3, 4, 5)), 'CHECK_UNRUN');
});

replayed.run();
