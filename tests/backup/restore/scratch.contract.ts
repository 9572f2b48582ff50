import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, match, ok } from 'uvu/assert';
import { openAtTarget } from '../../../lib/backup/postgres/open.ts';
import { keptScratches, lookCommand, startScratch } from '../../../lib/backup/postgres/scratch.ts';
import { refuseUnfit } from '../../../lib/backup/restore/fit.ts';
import { type PostgresWorld, postgresWorld, SET, STANZA } from '../postgres/world.ts';

const NAME = `muster-restored-restore-test-${process.pid.toString(16).padStart(8, '0').slice(-8)}`;
const OURS = /^muster-restored-restore-test-[0-9a-f]{8}$/;

const test = suite<{ world: PostgresWorld }>('a database that was restored beside');
test.before(async context => {
  context.world = await postgresWorld();
});
test.after(async ({ world }) => {
  for (const left of await keptScratches(OURS, world.deps)) await left.close();
  await world.close();
});

test('fits by what the repository says, is found again by its name, and leaves no key behind when it is discarded', async ({
  world,
}) => {
  const { deps, access, cipher } = world;
  const part = await world.take(SET);
  const repository = { access, cipher, from: 'here', stanza: STANZA } as const;
  const scratch = await startScratch({ repository, command: ['sleep', 'infinity'], name: NAME }, deps);
  await refuseUnfit(scratch.postgres, part);
  await openAtTarget(scratch.exec, part.facts, { archive: 'off' });

  const [found] = await keptScratches(OURS, deps);
  equal(found?.name, NAME);
  ok(await found?.running());
  equal((await found?.postgres.psql('SELECT count(*) > 0 FROM users'))?.trim(), 't');
  match(await lookCommand(NAME, deps), new RegExp(`exec -it ${NAME} psql -d app$`));
  equal(await keptScratches(/^muster-restored-restore-[0-9a-f]{8}$/, deps), [], 'of a site whose name begins alike');

  await found?.close();
  equal(await keptScratches(OURS, deps), []);
  equal(existsSync(join(deps.cache, 'scratch', NAME)), false);
});

test.run();
