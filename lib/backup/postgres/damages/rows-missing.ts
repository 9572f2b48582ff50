import type { Damage } from '../../source.ts';
import { breakBySql, type DamageDeps, needRows } from './deps.ts';

/** Of the table with the most rows to which no other one refers: else the dump would not even load. */
const SQL = `
SET session_replication_role = replica;
SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.oid AND f.conrelid <> c.oid)
ORDER BY pg_relation_size(c.oid) DESC LIMIT 1 \\gset
DELETE FROM :name WHERE ctid = (SELECT max(ctid) FROM :name);`;

export const rowsMissing = (deps: DamageDeps): Damage => ({
  id: 'postgres/rows-missing',
  title: 'A table has a row less',
  source: 'postgres',
  async plant(copy) {
    needRows(copy);
    await breakBySql(copy, deps, SQL);
  },
  expect: { verdict: 'not verified', code: 'TABLE_ROWS', level: 'L4' },
});
