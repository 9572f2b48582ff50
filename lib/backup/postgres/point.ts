import type { ObjectStore } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import { type Clock, type Duration, minutes, retry, type Seen, type Wait } from '../../time/index.ts';
import { hashObjects } from '../artefacts.ts';
import { KEYS, type PartOf, type PostgresFacts } from '../set.ts';
import type { Postgres } from '../source.ts';
import { type DatabaseFacts, linesOf, type PointFacts, parseFacts, parsePoint, sqlFile } from './facts.ts';
import type { BackupInfo } from './info.ts';
import { DATABASE } from './names.ts';
import { repositoryKeys } from './repository.ts';
import { textOf } from './server.ts';
import { archivedSegments, hasHistory, historiesOf, segmentsBetween } from './wal.ts';

export const dumpKeys = (set: string) => ({
  dump: KEYS.file(set, 'postgres.dump'),
  globals: KEYS.file(set, 'postgres-globals.sql'),
});

/** The set that a part is of: the dump lies in its folder. */
export const setOf = ({ dump }: Pick<PostgresFacts, 'dump'>): string =>
  dump.slice(KEYS.sets.length).split('/')[0] ?? '';

/** What a part is made with; a step's Ctx is one. */
export interface TakeEnv {
  clock: Clock;
  signal: AbortSignal;
  wait<T>(spec: Wait<T>): Promise<T>;
}

export interface Taking {
  set: string;
  stanza: string;
  postgres: Postgres;
  store: ObjectStore;
}

/** A shell command whose output goes through pgBackRest into the bucket, sealed with the repository's key: no byte of it passes through muster. */
export function putCommand(key: string, command: string): string {
  const slash = key.lastIndexOf('/');
  const put = `pgbackrest --repo1-path=/${key.slice(0, slash)} repo-put ${key.slice(slash + 1)}`;
  return `set -o pipefail; export PGBACKREST_CIPHER_PASS="$(${CIPHER_OF_CONF})"; ${command} | ${put}`;
}

/** The password of a file that is no part of a stanza; in the environment, which only its own user sees. */
export const CIPHER_OF_CONF = "sed -n '/^repo1-cipher-pass=/{s///p;q}' /etc/pgbackrest/pgbackrest.conf";

const LOCKS = /lock timeout|deadlock detected/;

/** The restore point, the facts at it, and dump and globals with its very snapshot. Errors: COMMAND_FAILED, SET_INCOMPLETE. */
export async function takePoint(
  { set, postgres }: Taking,
  { clock, signal }: Pick<TakeEnv, 'clock' | 'signal'>,
): Promise<{ point: PointFacts; facts: DatabaseFacts }> {
  const [pointSql, factsSql] = await Promise.all([sqlFile('point'), sqlFile('facts')]);
  const keys = dumpKeys(set);
  const dump = putCommand(keys.dump, `pg_dump -Fc --snapshot="$MUSTER_SNAPSHOT" -d ${DATABASE}`);
  const globals = putCommand(keys.globals, 'pg_dumpall --globals-only');
  const env = [`MUSTER_DUMP=${dump}`, `MUSTER_GLOBALS=${globals}`];
  const take = async () => {
    // A name twice would stop a restore at the first of the two.
    const variables = ['-v', 'ON_ERROR_STOP=1', '-v', `point=muster-${set}-${clock.now().toString(36)}`];
    const result = await postgres.exec(['env', ...env, 'psql', '-XqAt', ...variables, '-d', DATABASE], {
      stdin: `${pointSql}\n${factsSql}\nCOMMIT;\n`,
      timeout: minutes(30),
      keep: 64 * 2 ** 20,
    });
    const lines = linesOf(textOf(postgres.name, 'psql', result));
    return { point: parsePoint(lines, postgres.name), facts: parseFacts(lines, postgres.name) };
  };
  const busy = (error: unknown) => isOpsError(error, 'COMMAND_FAILED') && error.details.some(row => LOCKS.test(row));
  const what = 'hold all writers for the milliseconds of a restore point';
  return retry({ what, attempts: 4, total: minutes(5), on: busy }, take, { clock, signal, random: Math.random });
}

/** The whole part, everything in it read back. `backup` was made before. Errors: SET_INCOMPLETE, WAIT_TIMEOUT, STORE_*. */
export async function takePart(taking: Taking, backup: BackupInfo, env: TakeEnv): Promise<PartOf<'postgres'>> {
  const { set, store, stanza } = taking;
  const { point, facts } = await takePoint(taking, env);
  if (!backup.archive.start)
    throw new OpsError(
      'SET_INCOMPLETE',
      `cannot take ${set}: backup ${backup.label} does not say where its WAL begins`,
    );
  const pgbackrest = { stanza, label: backup.label, walFirst: backup.archive.start, walLast: point.wal };
  await env.wait({
    what: `WAL up to ${point.wal} in the archive`,
    deadline: minutes(3),
    hint: `kubectl logs -n app postgres-0: what does the archive command say?`,
    probe: async () => seenInArchive(await archiveKeys(store, pgbackrest), pgbackrest),
  });
  const keys = await partKeys(store, set, pgbackrest);
  return {
    source: 'postgres',
    tool: 'pgBackRest',
    version: backup.backrest.version,
    point: point.restorePoint.at,
    artefacts: await hashObjects(store, keys),
    facts: { ...facts, restorePoint: point.restorePoint, pgbackrest, ...dumpKeys(set) },
  };
}

type Where = PostgresFacts['pgbackrest'];

export const archiveKeys = async (store: ObjectStore, { stanza }: Pick<Where, 'stanza'>): Promise<string[]> =>
  (await store.list(repositoryKeys(stanza).archive)).map(({ key }) => key);

function seenInArchive(keys: readonly string[], { walFirst, walLast }: Where): Seen<true> {
  const there = archivedSegments(keys);
  const open = segmentsBetween(walFirst, walLast).filter(segment => !there.has(segment));
  if (open.length > 0) return { saw: `${open.length} segments missing, the first ${open[0]}` };
  return hasHistory(walLast, keys) ? { value: true } : { saw: `no history of the timeline of ${walLast}` };
}

/**
 * Everything that a restore reads and that stays as it is. The two info files change with every backup, so that the set
 * has copies of them.
 */
async function partKeys(store: ObjectStore, set: string, where: Where): Promise<string[]> {
  const keys = repositoryKeys(where.stanza);
  const infos = infoCopies(set, where.stanza);
  for (const [copy, key] of infos) await store.copy({ bucket: store.bucket, key }, copy);
  const [base, archived] = await Promise.all([store.list(keys.backup(where.label)), archiveKeys(store, where)]);
  const segments = archivedSegments(archived);
  const wal = segmentsBetween(where.walFirst, where.walLast).flatMap(segment => segments.get(segment) ?? []);
  const { dump, globals } = dumpKeys(set);
  const histories = historiesOf(where.walLast, archived);
  return [...base.map(({ key }) => key), ...wal, ...histories, ...infos.map(([copy]) => copy), dump, globals];
}

/** Copy in the set, and where pgBackRest looks for it. */
export const infoCopies = (set: string, stanza: string): [string, string][] => [
  [KEYS.file(set, 'pgbackrest/backup.info'), repositoryKeys(stanza).backupInfo],
  [KEYS.file(set, 'pgbackrest/archive.info'), repositoryKeys(stanza).archiveInfo],
];

/** Longest that a base backup may take, on the clock of an emulated machine. */
export const BACKUP_DEADLINE: Duration = minutes(60);

/** A full base backup that carries the set's id; its report, as the repository tells it afterwards. Errors: COMMAND_FAILED. */
export async function baseBackup({ set, stanza, postgres }: Omit<Taking, 'store'>): Promise<void> {
  const argv = ['pgbackrest', `--stanza=${stanza}`, '--type=full', `--annotation=set=${set}`, 'backup'];
  textOf(postgres.name, 'pgbackrest backup', await postgres.exec(argv, { timeout: BACKUP_DEADLINE }));
}

export const isOfSet =
  (set: string) =>
  ({ annotation, error }: BackupInfo): boolean =>
    annotation?.set === set && error !== true;

/** A repository whose info files were lost, or a copy of a set in another bucket, gets the set's own back. */
export async function placeInfo(store: ObjectStore, facts: PostgresFacts): Promise<void> {
  for (const [copy, key] of infoCopies(setOf(facts), facts.pgbackrest.stanza))
    if (!(await store.head(key))) await store.copy({ bucket: store.bucket, key: copy }, key);
}
