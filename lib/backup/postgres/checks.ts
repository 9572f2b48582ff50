import type { ExecResult } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import type { Check, Level } from '../check.ts';
import type { PartOf } from '../set.ts';
import type { Postgres } from '../source.ts';
import {
  compareChecksums,
  compareContents,
  compareExtensions,
  compareGrants,
  compareLineage,
  compareRoles,
  compareRows,
  compareSequences,
  compareTables,
  type Outcome,
  outcome,
} from './compare.ts';
import { type DatabaseFacts, linesOf, readFacts, sqlFile } from './facts.ts';
import { readCompared } from './mark.ts';
import { DATABASE } from './names.ts';

type PostgresCheck = Check<Postgres>;
type Part = PartOf<'postgres'>;

const check = (
  level: Level,
  id: string,
  title: string,
  expected: string,
  look: PostgresCheck['look'],
): PostgresCheck => ({ id: `postgres.${id}`, title, source: 'postgres', level, required: true, expected, look });

/** The whole manifest, at the set's point: nothing more and nothing less. Also of a server that is paused there. */
export function checksAtPoint(part: Part): PostgresCheck[] {
  const { facts } = part;
  const read = onceEach(readFacts);
  const against = (compare: (want: typeof facts, got: DatabaseFacts) => Outcome) => async (postgres: Postgres) =>
    compare(facts, await read(postgres));
  const rows = facts.tables.reduce((sum, table) => sum + table.rows, 0);
  return [
    startsCheck(),
    check('L3', 'lineage', 'it is of the same cluster', `system ${facts.systemIdentifier}`, against(compareLineage)),
    check('L3', 'tables', 'tables and sequences are there', `${facts.tables.length} tables`, against(compareTables)),
    check('L3', 'roles', 'roles are there, as they were', `${facts.roles.length} roles`, against(compareRoles)),
    check('L3', 'grants', 'grants are there', `${facts.grants.length} grants`, against(compareGrants)),
    check('L3', 'extensions', 'extensions are there', `${facts.extensions.length}`, against(compareExtensions)),
    check('L4', 'rows', 'tables have their rows', `${rows} rows`, against(compareRows)),
    check('L4', 'checksums', 'the rows are the same', 'every checksum equal', against(compareChecksums)),
    check('L4', 'sequences', 'sequences are as far as they were', 'none behind', against(compareSequences)),
  ];
}

/** The logical dump, loaded into a cluster of its own, which has another identity. */
export const checksOfDump = (part: Part): PostgresCheck[] => [
  check('L3', 'dump.lineage', 'the dump is of this database', 'tables in common', async postgres =>
    compareContents(part.facts, await readFacts(postgres)),
  ),
  ...checksAtPoint(part)
    .filter(({ id }) => id !== 'postgres.lineage')
    .map(one => ({ ...one, id: one.id.replace('postgres.', 'postgres.dump.'), title: `the dump: ${one.title}` })),
];

/** Of a moment after the set's point there is no manifest: it is of the same cluster, and does not contradict itself. */
export const checksAtTime = (part: Part, at: Date): PostgresCheck[] => [
  ...checksAtPoint(part).filter(({ id }) => /starts|lineage/.test(id)),
  check('L4', 'time', 'WAL is replayed up to the moment', at.toISOString(), async postgres => {
    const last = await postgres.psql(
      'SELECT to_char(pg_last_xact_replay_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\')',
    );
    const late = last.trim() > at.toISOString();
    return outcome(
      'RESTORE_FAILED',
      `last transaction ${last.trim() || 'before the base backup'}`,
      late ? [`a transaction of ${last.trim()}`] : [],
    );
  }),
];

/**
 * A site that runs again, all WAL replayed. What was compared at the point was written down there before the directory
 * got its name; the live data may have gone on since.
 */
export function checksAfterRestore(part: Part, at?: Date): PostgresCheck[] {
  const atPoint = at ? checksAtTime(part, at) : checksAtPoint(part);
  const read = onceEach(readCompared);
  const compared = (one: PostgresCheck): PostgresCheck => ({
    ...one,
    title: `at ${at ? 'its moment' : "the set's point"}, ${one.title}`,
    async look(postgres) {
      const was = (await read(postgres))?.find(({ id }) => id === one.id);
      if (!was) throw unseen(`${one.id} was not compared before the directory was put in place`);
      const { state, got, code, details } = was;
      return { state, got, ...(code && { code }), ...(details && { details }) };
    },
  });
  return [...atPoint.map(one => (one.level === 'L2' ? one : compared(one))), ...meaningChecks()];
}

const unseen = (why: string) => new OpsError('CHECK_UNRUN', `cannot tell: ${why}`);

const startsCheck = () =>
  check('L2', 'starts', 'PostgreSQL starts', 'it answers', async postgres => {
    const version = (await postgres.psql("SELECT current_setting('server_version')")).trim();
    return { state: 'passed', got: `PostgreSQL ${version} answers` };
  });

interface Meaning {
  sequences: { name: string; next: string; data: string | null; behind: boolean }[];
  pages: { checksums: boolean; failures: number };
}

/** Whether an open database contradicts itself: L5. */
export function meaningChecks(): PostgresCheck[] {
  const read = onceEach(readMeaning);
  return [
    // The first: it reads every page, and one that fails its checksum is counted then.
    check('L5', 'amcheck', 'indexes agree with their tables', 'no contradiction', amcheck),
    check(
      'L5',
      'sequences-lead',
      'the next insert finds a free number',
      'no sequence behind its column',
      async postgres => {
        const { sequences } = await read(postgres);
        const behind = sequences.filter(one => one.behind);
        const words = behind.map(
          ({ name, next, data }) => `sequence ${name}: next is ${next}, and its column has ${data}`,
        );
        return outcome('SEQUENCE_BEHIND', `${sequences.length} sequences lead their columns`, words);
      },
    ),
    check('L5', 'pages', 'no page failed its checksum', 'checksums on, no failure', async postgres => {
      const { pages } = await read(postgres);
      if (!pages.checksums) throw unseen('the cluster was made without checksums');
      return outcome(
        'CHECKSUM_FAILED',
        'no failure since it started',
        pages.failures > 0 ? [`${pages.failures} failures`] : [],
      );
    }),
  ];
}

async function readMeaning(postgres: Postgres): Promise<Meaning> {
  const lines = linesOf(await postgres.psql(await sqlFile('meaning'), { timeout: minutes(10) }));
  const of = (kind: string) => lines.filter(line => line.kind === kind) as unknown[];
  return { sequences: of('sequence') as Meaning['sequences'], pages: of('pages')[0] as Meaning['pages'] };
}

/** A contradiction is a warning, so that all of them are named; an error is a page that cannot even be read. */
async function amcheck(postgres: Postgres): Promise<Outcome> {
  const argv = ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', DATABASE];
  const result = await postgres.exec(argv, { stdin: await sqlFile('amcheck'), timeout: minutes(30) });
  const found = corruptions(result);
  if (result.code !== 0 && /undefined_function|bt_index_check\(.*does not exist/.test(result.stderr.text))
    throw unseen('amcheck is not there while the server is in recovery');
  if (result.code !== 0)
    return outcome('INDEX_CORRUPT', '', [...found, result.stderr.text.trim().split('\n').at(-1) ?? '']);
  return outcome('INDEX_CORRUPT', 'every index and table agrees with itself', found);
}

export const corruptions = ({ stderr }: Pick<ExecResult, 'stderr'>): string[] =>
  [...stderr.text.matchAll(/WARNING:\s+(\{.*\})$/gm)].map(([, json = '']) => {
    const { name, says } = JSON.parse(json) as { name: string; says: string };
    return `${name}: ${says}`;
  });

/** What several checks of a list want to know is read once: an exec into a pod is a second under emulation. */
function onceEach<Value>(read: (postgres: Postgres) => Promise<Value>): typeof read {
  const known = new WeakMap<Postgres, Promise<Value>>();
  return postgres => {
    const value = known.get(postgres) ?? read(postgres);
    known.set(postgres, value);
    return value;
  };
}
