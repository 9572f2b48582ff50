import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CheckResult } from '../../../lib/backup/check.ts';
import { breaking } from '../../../lib/backup/postgres/breaking.ts';
import { postgresDamages } from '../../../lib/backup/postgres/damages/index.ts';
import { indexCheck } from '../../../lib/backup/postgres/info-file.ts';
import { restoreArguments } from '../../../lib/backup/postgres/paused.ts';
import { archiveKeys, placeInfo } from '../../../lib/backup/postgres/point.ts';
import { proveInScratch, restoreScratch } from '../../../lib/backup/postgres/prove.ts';
import { walCheck } from '../../../lib/backup/postgres/repository-checks.ts';
import { timelinesCheck } from '../../../lib/backup/postgres/timelines.ts';
import { runChecks } from '../../../lib/backup/run-checks.ts';
import { type PartOf, partOf } from '../../../lib/backup/set.ts';
import type { SetCopy } from '../../../lib/backup/source.ts';
import { seconds } from '../../../lib/time/index.ts';
import { type PostgresWorld, postgresWorld, SET } from './world.ts';

interface Context {
  world: PostgresWorld;
  part: PartOf<'postgres'>;
}

const bad = (results: readonly CheckResult[]) =>
  results
    .filter(({ state }) => state !== 'passed')
    .map(({ level, id, state, code, got }) => ({ level, id, state, code, got }));

async function prove(world: PostgresWorld, copy: SetCopy): Promise<CheckResult[]> {
  const part = partOf(copy.set.manifest, 'postgres');
  if (!part) throw new Error('no part');
  const access = { ...world.admin, bucket: copy.store.bucket };
  const atHand = { store: copy.store, cipher: world.cipher };
  const records = [
    ...(await runChecks([walCheck(part)], copy.store)),
    ...(await runChecks([indexCheck(part, 'mended'), timelinesCheck(part)], atHand)),
  ];
  // As a drill: what is dear only when all of it is well.
  if (bad(records).length > 0) return records;
  await placeInfo(copy.store, part.facts);
  return [...records, ...(await proveInScratch(part, { access, cipher: world.cipher }, world.deps))];
}

const test = suite<Context>('a database comes back');
test.before(async context => {
  context.world = await postgresWorld();
  context.part = await context.world.take(SET);
});
test.after(({ world }) => world.close());

test('from its base backup and from its dump, equal to the manifest that was read at its point', async ({
  world,
  part,
}) => {
  const start = performance.now();
  const results = [
    ...(await runChecks([walCheck(part)], world.store)),
    ...(await proveInScratch(part, world, world.deps)),
  ];
  assert.equal(bad(results), []);
  assert.ok(results.length > 20);
  console.log(`proven in ${Math.round(performance.now() - start)} ms`);
});

test('with what was written after the point, up to a moment and no further', async ({ world, part }) => {
  const psql = world.source.postgres.psql;
  await psql("INSERT INTO users (name) VALUES ('before the moment')");
  const [moment = ''] =
    (
      await psql(
        'SELECT pg_sleep(0.1); SELECT to_char(clock_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\'), pg_sleep(0.1)',
      )
    )
      .trim()
      .split('\n')
      .at(-1)
      ?.split('|') ?? [];
  await psql("INSERT INTO users (name) VALUES ('after the moment'); SELECT pg_switch_wal()");
  const names = async (at?: Date) => {
    const scratch = await restoreScratch(part, world, world.deps, at);
    try {
      return (await scratch.postgres.psql("SELECT name FROM users WHERE name LIKE '%the moment' ORDER BY id")).trim();
    } finally {
      await scratch.close();
    }
  };
  assert.is(await names(), '');
  assert.is(await names(new Date(moment)), 'before the moment');
});

/** $1 label, then how. A second place in the container of the source; what is seen there is said line by line. */
const BESIDE = `
place=$(mktemp -d) label=$1
shift
export PGDATA=$place/pgdata PGPORT=5499 POSTGRES_PASSWORD_FILE=/dev/null
restore-postgres "$label" mark "$@" > $place/log 2>&1 &
restore=$!
for n in $(seq 300); do
  if grep -q 'pausing at the end of recovery' $place/log; then break; fi
  sleep 0.1
done
start-postgres > $place/first 2>&1 &
first=$!
sleep 2
if kill -0 $first; then echo 'waits'; fi
kill -TERM $first
wait $first
echo "told to end: $? $(cat $place/first)"
start-postgres > $place/second 2>&1 &
second=$!
sleep 1
kill -TERM $restore
wait $restore
wait $second
echo "the restore was ended: $? $(cut -c1-55 $place/second)"
ls $place
`;

test('a server that starts while a restore goes on waits for its end, and has its own when it is told', async ({
  world,
  part,
}) => {
  const { label } = part.facts.pgbackrest;
  const how = restoreArguments(part.facts, { archive: 'off' });
  const { stdout, stderr } = await world.source.exec(['bash', '-c', BESIDE, 'bash', label, ...how], {
    timeout: seconds(120),
  });
  assert.equal(
    stdout.text.trim().split('\n'),
    [
      'waits',
      'told to end: 1 ',
      'the restore was ended: 1 cannot make a database in the empty volume: the reposit',
      ...['first', 'log', 'muster-restore.lock', 'pgdata.restore', 'second'],
    ],
    stderr.text,
  );
});

test('the timeline that a restore began leads on from its set, as PostgreSQL and pgBackRest wrote it', async ({
  world,
  part,
}) => {
  const copy = await world.copy(part);
  const { database } = breaking({ access: world.admin, cipher: world.cipher }, world.deps);
  await database(copy, () =>
    world.deps.wait({
      what: 'the history in the archive',
      deadline: 60_000,
      hint: 'the log of the scratch database',
      probe: async () => {
        const keys = await archiveKeys(copy.store, part.facts.pgbackrest);
        return keys.some(key => key.endsWith('/00000002.history')) ? { value: true } : { saw: keys.join(' ') };
      },
    }),
  );
  const [seen] = await runChecks([timelinesCheck(part)], { store: copy.store, cipher: world.cipher });
  assert.equal([seen?.state, seen?.got], ['passed', '1 that lead on']);
});

/** One of each kind: an archive, a dump, rows, pages. The self-test plants them all, and each takes ten seconds. */
const PLANTED = [
  'wal-missing',
  'index-older',
  'manifest-cut',
  'timeline-foreign',
  'dump-empty',
  'value-changed',
  'index-corrupt',
].map(name => `postgres/${name}`);
const all = postgresDamages({ database: () => Promise.reject(new Error('only listed')) });

for (const damage of all.filter(({ id }) => PLANTED.includes(id))) {
  test(`and it is seen when not: ${damage.title}`, async ({ world, part }) => {
    const start = performance.now();
    const copy = await world.copy(part);
    const deps = breaking({ access: world.admin, cipher: world.cipher }, world.deps);
    const real = postgresDamages(deps).find(({ id }) => id === damage.id);
    await real?.plant(copy);
    const planted = performance.now();
    const results = await prove(world, copy);
    const failed = results.filter(({ state }) => state === 'failed').sort((a, b) => (a.level < b.level ? -1 : 1));
    const first = failed.filter(({ level }) => level === failed[0]?.level).map(({ code }) => code);
    const found = { level: failed[0]?.level, code: first.find(code => code === damage.expect.code) ?? first[0] };
    console.log(
      `${damage.id}: planted in ${Math.round(planted - start)}, looked for in ${Math.round(performance.now() - planted)} ms`,
    );
    assert.equal(
      found,
      { level: damage.expect.level, code: damage.expect.code },
      JSON.stringify(bad(results), null, 1),
    );
  });
}

test.run();
