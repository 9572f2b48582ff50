import type { Code } from '../../errors/index.ts';
import type { CheckResult } from '../check.ts';
import type { PostgresFacts } from '../set.ts';
import type { DatabaseFacts } from './facts.ts';

export type Outcome = Pick<CheckResult, 'state' | 'got' | 'code' | 'details'>;

type Want = Pick<PostgresFacts, keyof DatabaseFacts>;

/** `ok` when there is no difference. Names are data: whoever prints them escapes them. */
export const outcome = (code: Code, ok: string, differences: readonly string[]): Outcome =>
  differences.length === 0
    ? { state: 'passed', got: ok }
    : { state: 'failed', got: `${differences.length} differences: ${differences[0]}`, code, details: differences };

const named = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`;

/** What one list has and the other has not, or has otherwise. `lacks` and `adds` complete "<what> <name> ...". */
function differ<T>(
  what: string,
  want: readonly T[],
  got: readonly T[],
  key: (entry: T) => string,
  value: (entry: T) => string,
) {
  const seen = new Map(got.map(entry => [key(entry), value(entry)]));
  const known = new Set(want.map(key));
  const lost = want.flatMap(entry => {
    const found = seen.get(key(entry));
    if (found === undefined) return [`${what} ${key(entry)} is missing`];
    return found === value(entry) ? [] : [`${what} ${key(entry)}: expected ${value(entry)}, got ${found}`];
  });
  const added = got.filter(entry => !known.has(key(entry))).map(entry => `${what} ${key(entry)} is too many`);
  return [...lost, ...added];
}

const nothing = () => '';
const count = (entries: readonly unknown[], what: string) => `${entries.length} ${what}`;

/** Tables and sequences by their names. */
export const compareTables = (want: Want, got: DatabaseFacts): Outcome =>
  outcome('TABLE_MISSING', `${count(got.tables, 'tables')}, ${count(got.sequences, 'sequences')}`, [
    ...differ('table', want.tables, got.tables, named, nothing),
    ...differ('sequence', want.sequences, got.sequences, named, nothing),
  ]);

const shared = (want: Want, got: DatabaseFacts) => {
  const found = new Map(got.tables.map(table => [named(table), table]));
  return want.tables.flatMap(table => {
    const other = found.get(named(table));
    return other ? [{ name: named(table), table, other }] : [];
  });
};

export function compareRows(want: Want, got: DatabaseFacts): Outcome {
  const pairs = shared(want, got);
  const wrong = pairs.filter(({ table, other }) => table.rows !== other.rows);
  const rows = got.tables.reduce((sum, table) => sum + table.rows, 0);
  return outcome(
    'TABLE_ROWS',
    `${rows} rows in ${got.tables.length} tables`,
    wrong.map(({ name, table, other }) => `table ${name}: expected ${table.rows} rows, got ${other.rows}`),
  );
}

/** Of tables with as many rows as they should have: the others are another check's. */
export function compareChecksums(want: Want, got: DatabaseFacts): Outcome {
  const pairs = shared(want, got).filter(({ table, other }) => table.rows === other.rows);
  const wrong = pairs.filter(({ table, other }) => table.checksum !== other.checksum);
  return outcome(
    'TABLE_CHECKSUM',
    `${pairs.length} tables equal`,
    wrong.map(({ name, table, other }) => `table ${name}: expected checksum ${table.checksum}, got ${other.checksum}`),
  );
}

/**
 * Of a dump, which has no identity: of another database with the same tables, no table that has rows is the same.
 * With one such table it cannot be told apart from a change, which is the checksums' to find.
 */
export function compareContents(want: Want, got: DatabaseFacts): Outcome {
  const filled = shared(want, got).filter(({ table }) => table.rows > 0);
  const same = filled.filter(({ table, other }) => table.checksum === other.checksum);
  const foreign = filled.length > 1 && same.length === 0;
  const why = foreign ? [`none of ${filled.length} tables with rows has the rows it should have`] : [];
  return outcome('DUMP_FOREIGN', `${same.length} of ${filled.length} tables with rows are the same`, why);
}

export const compareRoles = (want: Want, got: DatabaseFacts): Outcome =>
  outcome(
    'ROLE_MISSING',
    count(got.roles, 'roles'),
    differ(
      'role',
      want.roles,
      got.roles,
      ({ name }) => name,
      role => `'${role.attributes}' in [${role.memberOf}]`,
    ),
  );

export const compareGrants = (want: Want, got: DatabaseFacts): Outcome =>
  outcome(
    'GRANT_MISSING',
    count(got.grants, 'grants'),
    differ(
      'grant',
      want.grants,
      got.grants,
      ({ object, grantee }) => `on ${object} to ${grantee}`,
      grant => grant.privileges,
    ),
  );

export const compareExtensions = (want: Want, got: DatabaseFacts): Outcome =>
  outcome(
    'EXTENSION_MISSING',
    count(got.extensions, 'extensions'),
    differ(
      'extension',
      want.extensions,
      got.extensions,
      ({ name }) => name,
      extension => extension.version,
    ),
  );

/** A sequence is no part of a transaction: WAL logs it ahead, so that it may be further, and never behind. */
export function compareSequences(want: Want, got: DatabaseFacts): Outcome {
  const found = new Map(got.sequences.map(sequence => [named(sequence), sequence.last]));
  const behind = want.sequences.flatMap(sequence => {
    const last = found.get(named(sequence));
    if (last === undefined || sequence.last === '') return [];
    if (last !== '' && BigInt(last) >= BigInt(sequence.last)) return [];
    return [`sequence ${named(sequence)}: expected at least ${sequence.last}, got ${last || 'never used'}`];
  });
  return outcome('SEQUENCE_BEHIND', `${got.sequences.length} sequences not behind`, behind);
}

export const compareLineage = (want: Want, got: DatabaseFacts): Outcome =>
  outcome(
    'DATABASE_FOREIGN',
    `system ${got.systemIdentifier}, PostgreSQL ${got.serverVersion}`,
    want.systemIdentifier === got.systemIdentifier
      ? []
      : [`system identifier: expected ${want.systemIdentifier}, got ${got.systemIdentifier}`],
  );
