import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import { lsn, type PostgresFacts, postgresFacts } from '../set.ts';
import type { Postgres } from '../source.ts';

/** What a database holds, as facts.sql reads it. */
export type DatabaseFacts = Omit<PostgresFacts, 'restorePoint' | 'pgbackrest' | 'dump' | 'globals'>;

/** Where a set's point is. */
export interface PointFacts {
  restorePoint: PostgresFacts['restorePoint'];
  /** The WAL segment with the restore point. */
  wal: string;
}

export const sqlFile = (name: 'facts' | 'point' | 'meaning' | 'amcheck'): Promise<string> =>
  readFile(new URL(`${name}.sql`, import.meta.url), 'utf8');

/** Of a database as it is now, at one moment; also of one that waits in recovery. Errors: COMMAND_FAILED, those of exec. */
export async function readFacts(postgres: Postgres, database = 'app'): Promise<DatabaseFacts> {
  const sql = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n${await sqlFile('facts')}\nCOMMIT;\n`;
  return parseFacts(linesOf(await postgres.psql(sql, { database, timeout: minutes(30) })), postgres.name);
}

const point = z.object({ name: z.string(), lsn, wal: z.string(), timeline: z.int(), at: z.iso.datetime() });
const line = z.looseObject({ kind: z.string() });
type Line = z.infer<typeof line>;

/** Errors: SyntaxError and ZodError of what is no line of facts.sql. */
export const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter(row => row !== '')
    .map(row => line.parse(JSON.parse(row)));

const { tables, sequences, roles, grants, extensions } = postgresFacts.shape;

/** Errors: SET_INCOMPLETE when the answer has no end. */
export function parseFacts(lines: readonly Line[], where: string): DatabaseFacts {
  if (lines.at(-1)?.kind !== 'end')
    throw new OpsError('SET_INCOMPLETE', `cannot read what the database holds: the answer of ${where} has no end`);
  const of = (kind: string) => lines.filter(entry => entry.kind === kind).map(({ kind: _, ...rest }) => rest);
  const head = postgresFacts
    .pick({ database: true, serverVersion: true, systemIdentifier: true })
    .parse(of('database')[0]);
  return {
    ...head,
    tables: tables.parse(of('table')),
    sequences: sequences.parse(of('sequence')),
    roles: roles.parse(of('role')),
    grants: grants.parse(of('grant')),
    extensions: extensions.parse(of('extension')),
  };
}

/** Errors: SET_INCOMPLETE when dump or globals did not come to their end. */
export function parsePoint(lines: readonly Line[], where: string): PointFacts {
  for (const [kind, what] of [
    ['dumped', 'the dump'],
    ['globals', 'the globals'],
  ])
    if (!lines.some(entry => entry.kind === kind))
      throw new OpsError('SET_INCOMPLETE', `cannot take ${what} of ${where}: it did not come to its end`);
  const { wal, ...restorePoint } = point.parse(lines.find(entry => entry.kind === 'point'));
  return { wal, restorePoint };
}
