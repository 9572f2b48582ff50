import { suite } from 'uvu';
import * as assert from 'uvu/assert';
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
} from '../../../lib/backup/postgres/compare.ts';
import type { DatabaseFacts } from '../../../lib/backup/postgres/facts.ts';

const MARKUP = '<script>alert("1")</script>\n\'x\'';

const FACTS: DatabaseFacts = {
  database: 'app',
  serverVersion: '15.20',
  systemIdentifier: '7710659496083828756',
  tables: [
    { schema: 'public', name: 'users', rows: 3, checksum: '1/2' },
    { schema: 'public', name: MARKUP, rows: 1, checksum: '3/4' },
    { schema: 'public', name: 'empty', rows: 0, checksum: '0/0' },
  ],
  sequences: [
    { schema: 'public', name: 'users_id_seq', last: '9223372036854775806' },
    { schema: 'public', name: 'unused', last: '' },
  ],
  roles: [{ name: 'app', attributes: 'login', memberOf: ['readers'] }],
  grants: [{ object: 'table public.users', grantee: 'app', privileges: 'INSERT SELECT' }],
  extensions: [{ name: 'plpgsql', version: '1.0' }],
};

const ALL = [
  compareLineage,
  compareTables,
  compareRows,
  compareChecksums,
  compareSequences,
  compareRoles,
  compareGrants,
  compareExtensions,
  compareContents,
];
const with_ = (changes: Partial<DatabaseFacts>): DatabaseFacts => ({ ...FACTS, ...changes });
const tables = (change: (table: DatabaseFacts['tables'][number]) => object) =>
  with_({ tables: FACTS.tables.map(table => ({ ...table, ...change(table) })) });
/** Codes of what fails. */
const codes = (got: DatabaseFacts) =>
  ALL.map(compare => compare(FACTS, got)).flatMap(({ state, code }) => (state === 'failed' ? [code] : []));

const test = suite('a database is compared');

test('and equal to itself, in whatever order it is listed', () => {
  assert.equal(codes(FACTS), []);
  assert.equal(codes(with_({ tables: [...FACTS.tables].reverse() })), []);
});

test('a table that is missing, or too many, is named as it is called', () => {
  const lost = compareTables(FACTS, with_({ tables: FACTS.tables.slice(0, 1) }));
  assert.equal(lost.details, [`table public.${MARKUP} is missing`, 'table public.empty is missing']);
  assert.equal(codes(with_({ tables: [...FACTS.tables, { schema: 'x', name: 'new', rows: 0, checksum: '' }] })), [
    'TABLE_MISSING',
  ]);
  assert.equal(codes(with_({ sequences: FACTS.sequences.slice(0, 1) })), ['TABLE_MISSING']);
});

test('a row less is told from another value', () => {
  assert.equal(codes(tables(({ name }) => (name === 'users' ? { rows: 2, checksum: '9/9' } : {}))), ['TABLE_ROWS']);
  assert.equal(codes(tables(({ name }) => (name === 'users' ? { checksum: '1/3' } : {}))), ['TABLE_CHECKSUM']);
});

test('a dump of another database is one in which nothing is the same; of one table nobody can tell', () => {
  assert.ok(codes(tables(({ rows }) => (rows > 0 ? { checksum: 'other' } : {}))).includes('DUMP_FOREIGN'));
  const one = { ...FACTS, tables: FACTS.tables.slice(0, 1) };
  const other = { ...one, tables: one.tables.map(table => ({ ...table, checksum: 'other' })) };
  assert.is(compareContents(one, other).state, 'passed');
});

test('a sequence may be further and not behind, beyond what a double holds', () => {
  const last = (value: string) =>
    with_({ sequences: FACTS.sequences.map(one => (one.last ? { ...one, last: value } : one)) });
  assert.equal(codes(last('9223372036854775807')), []);
  assert.equal(codes(last('9223372036854775805')), ['SEQUENCE_BEHIND']);
  assert.equal(codes(last('')), ['SEQUENCE_BEHIND']);
});

test('roles, grants, extensions and lineage are each named rightly', () => {
  const role = { name: 'app', attributes: 'login', memberOf: ['readers'] };
  assert.equal(codes(with_({ roles: [] })), ['ROLE_MISSING']);
  assert.equal(codes(with_({ roles: [{ ...role, attributes: 'superuser login' }] })), ['ROLE_MISSING']);
  assert.equal(codes(with_({ roles: [{ ...role, memberOf: [] }] })), ['ROLE_MISSING']);
  assert.equal(codes(with_({ grants: [] })), ['GRANT_MISSING']);
  assert.equal(codes(with_({ grants: [{ object: 'table public.users', grantee: 'app', privileges: 'SELECT' }] })), [
    'GRANT_MISSING',
  ]);
  assert.equal(codes(with_({ extensions: [{ name: 'plpgsql', version: '1.1' }] })), ['EXTENSION_MISSING']);
  assert.equal(codes(with_({ systemIdentifier: '1' })), ['DATABASE_FOREIGN']);
});

test.run();
