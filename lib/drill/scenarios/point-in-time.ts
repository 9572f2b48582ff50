import { type CheckResult, runChecks } from '../../backup/index.ts';
import { podPostgres } from '../../backup/postgres/server.ts';
import { rebuildOf } from '../../site/index.ts';
import { appResults } from '../checks/app.ts';
import { readRows, rowResults, rowRpo } from '../checks/canaries.ts';
import { nextBackup } from '../checks/next-backup.ts';
import { postgresResults } from '../checks/restored.ts';
import { spoiltName, spoilUsers } from '../lose.ts';
import { databaseSteps } from '../restore.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

/** A bad write: the database goes back to the moment before it, and nothing after that moment is left. */
export const pointInTime: Scenario = {
  id: 'point-in-time',
  title: 'A bad write spoils the data, and the database goes back to the second before it',
  loses: 'what the database takes after the beginning of the drill',
  modes: ['destroy'],
  sources: ['postgres'],
  notTried: () => [
    'Any other moment than this one.',
    'That anything but the database goes back: files stay as they are.',
  ],
  phases,
  checks: async drill => [
    ...(await postgresResults(drill, drill.t0)),
    ...(await rowResults(drill)),
    ...(await momentResults(drill)),
    ...(await appResults(drill)),
  ],
  rpo: rowRpo,
  after: nextBackup,
};

async function phases(drill: Drill): Promise<Phase[]> {
  const { target, set, t0 } = drill;
  const { site } = target;
  const { steps, answers } = await rebuildOf(site, target);
  return [
    { name: 'spoiling the data', steps: () => [spoilUsers(site, drill.id)], end: 't1' },
    { name: 'going back to the second before', steps: () => databaseSteps(site, set.manifest, { at: t0 }), end: 't6' },
    { name: 'looking at the application', steps: () => steps, select: answers, end: 't7' },
  ];
}

const psql = async ({ target }: Drill, sql: string) =>
  podPostgres(await target.ports.cluster(target.site.name), target.site.name).psql(sql);

/** The heartbeat lives on, and writes again as soon as the restored server runs: from then on its rows are new. */
const startedAt = async (drill: Drill) =>
  Number(await psql(drill, 'SELECT extract(epoch FROM pg_postmaster_start_time())')) * 1000;

/** L5: the row before is there (the chain of canaries says so), the row after is not, and neither is the bad write. */
const momentResults = (drill: Drill): Promise<CheckResult[]> =>
  runChecks(
    [
      {
        id: 'postgres.moment',
        title: 'Nothing that was written after the moment is there',
        source: 'postgres',
        level: 'L5',
        required: true,
        expected: `no canary and no bad write after ${drill.t0.toISOString()}`,
        async look(of: Drill) {
          const spoilt = Number(await psql(of, `SELECT count(*) FROM users WHERE name = '${spoiltName(of.id)}'`));
          const [rows, started] = await Promise.all([readRows(of), startedAt(of)]);
          const late = (at: number) => at > of.t0.getTime() && at < started;
          const after = rows.filter(({ written }) => late(Date.parse(written)));
          const got = `${after.length} later canaries of ${rows.length}, ${spoilt} spoilt names`;
          if (after.length === 0 && spoilt === 0) return { state: 'passed', got };
          const details = after.map(({ number, written }) => `canary ${number} of ${written}`);
          return { state: 'failed', code: 'RESTORE_FAILED', got, details };
        },
      },
    ],
    drill,
  );
