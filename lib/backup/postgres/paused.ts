import { OpsError } from '../../errors/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import type { Check, CheckResult } from '../check.ts';
import { runChecks } from '../run-checks.ts';
import type { PostgresFacts } from '../set.ts';
import type { Postgres } from '../source.ts';
import { cannotTell, type Untold } from '../words.ts';
import { COMPARED } from './mark.ts';
import type { TakeEnv } from './point.ts';
import { PGDATA } from './repository.ts';
import { textOf } from './server.ts';

/** Where images/postgres/restore-postgres fills, until it is kept. */
const NEW = `${PGDATA}.restore`;

export interface RestoreTarget {
  /** A moment after the set's point; absent: the point. */
  at?: Date;
  archive: 'on' | 'off';
  action?: 'pause' | 'promote';
}

/** restore-postgres with its arguments. */
export const restoreCommand = (facts: PostgresFacts, mark: string, target: RestoreTarget): string[] => [
  'restore-postgres',
  facts.pgbackrest.label,
  mark,
  ...restoreArguments(facts, target),
];

/** Each of a thousand files is flushed to the disk: side by side they share their flushes. */
const SIDE_BY_SIDE = '--process-max=4';

/** Of `pgbackrest restore`: up to the set's point, or to a moment after it. */
export function restoreArguments(
  { restorePoint }: PostgresFacts,
  { at, archive, action = 'pause' }: RestoreTarget,
): string[] {
  // While PostgreSQL reads its settings it knows no zone by a letter.
  const target = at
    ? ['--type=time', `--target=${at.toISOString().replace('T', ' ').replace('Z', '+00')}`]
    : ['--type=name', `--target=${restorePoint.name}`];
  const timeline = at ? [] : [`--target-timeline=${restorePoint.timeline}`];
  const off = archive === 'off' ? ['--archive-mode=off'] : [];
  return [SIDE_BY_SIDE, ...target, `--target-action=${action}`, ...timeline, ...off];
}

/** The pod that is filled, from outside. */
export interface Watched {
  /** What its first process said when it ended; undefined while it runs. */
  ended(): Promise<string | undefined>;
  log(): Promise<string>;
}

/**
 * Until the server is paused at its target.
 * Errors: RESTORE_UNFIT, KEY_WRONG, WAL_GAP, RESTORE_FAILED, STORE_UNREACHABLE; WAIT_TIMEOUT.
 */
export async function waitForTarget(postgres: Postgres, pod: Watched, env: Pick<TakeEnv, 'wait'>): Promise<void> {
  await env.wait({
    what: 'the restored database paused at its target',
    deadline: minutes(30),
    hint: 'look into its log: which WAL does it wait for?',
    probe: async () => {
      const how = await pod.ended();
      if (how !== undefined) throw whyEnded(how);
      const said = await pod.log();
      if (!said.includes('pausing at the end of recovery'))
        return { saw: said.includes('starting PostgreSQL') ? 'it replays WAL' : 'files are copied' };
      const argv = ['psql', '-XqAt', '-d', 'postgres', '-c', 'SELECT pg_is_wal_replay_paused()'];
      const asked = await postgres.exec(argv, { timeout: seconds(60) }).catch(() => undefined);
      return asked?.stdout.text.trim() === 't' ? { value: true } : { saw: 'it says that it pauses' };
    },
  });
}

/** What pgBackRest and PostgreSQL say in their last lines, by the code of what is wrong. */
export function whyEnded(said: string): OpsError {
  const lines = said.trim().split('\n').slice(-15);
  const error = (code: 'RESTORE_UNFIT' | 'KEY_WRONG' | 'WAL_GAP' | Untold['code'] | 'RESTORE_FAILED', why: string) =>
    new OpsError(code, `cannot restore the database: ${why}`, { details: lines });
  if (/does not fit:/.test(said)) return error('RESTORE_UNFIT', 'it does not fit into the volume');
  const untold = cannotTell(said);
  if (untold) return error(untold.code, untold.why);
  // Its key lies in backup.info, which opened: what does not open then is no wrong key.
  if (/unable to load backup manifest file/.test(said))
    return error('RESTORE_FAILED', "pgBackRest's list of the base backup cannot be read");
  if (/CryptoError|unable to flush|cipher header|HINT: is or was the repo encrypted/.test(said))
    return error('KEY_WRONG', 'the repository does not open with its key');
  if (/recovery ended before configured recovery target was reached/.test(said))
    return error('WAL_GAP', 'the archive ends before the target');
  return error('RESTORE_FAILED', lines.at(-1) ?? '');
}

/** Every check, of which none may fail or stay open. Errors: the code of the first that failed, with all differences. */
export async function compare(checks: readonly Check<Postgres>[], postgres: Postgres): Promise<CheckResult[]> {
  const results = await runChecks(checks, postgres);
  const bad = results.filter(({ state, required }) => required && state !== 'passed');
  const [first] = bad;
  if (!first) return results;
  throw new OpsError(
    first.code ?? 'RESTORE_FAILED',
    `cannot keep the restored database: ${first.title}: ${first.got}`,
    {
      details: bad.flatMap(({ id, got, details = [] }) => [`${id}: ${got}`, ...details.map(detail => `  ${detail}`)]),
    },
  );
}

/** What was compared goes with the directory; then its name is changed by the container's first process. */
export async function keep(
  postgres: Postgres,
  until: 'latest' | 'target',
  results: readonly CheckResult[],
): Promise<void> {
  const write = `cat > ${NEW}/${COMPARED} && printf %s ${until} > ${NEW}/muster-keep && sync`;
  const written = await postgres.exec(['sh', '-c', write], { stdin: JSON.stringify(results), timeout: seconds(60) });
  textOf(postgres.name, 'sh', written);
  // The connection may end before the answer: the container ends with its server.
  await postgres.exec(['pg_ctl', '-D', NEW, '-m', 'fast', '--no-wait', 'stop'], { timeout: seconds(60) });
}
