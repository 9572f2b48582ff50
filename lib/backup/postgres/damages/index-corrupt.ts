import type { Damage } from '../../source.ts';
import { breakBySql, type DamageDeps, needRows } from './deps.ts';

/**
 * A row goes and comes back while the index is not told: page checksums hold, the row is the same, and whoever looks for
 * it by this index does not find it. Of the largest table with a unique index.
 */
const SQL = `
SET allow_system_table_mods = on;
SET session_replication_role = replica;
SELECT i.indexrelid AS index, format('%I.%I', n.nspname, c.relname) AS name
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND i.indisunique AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY pg_relation_size(c.oid) DESC, i.indexrelid LIMIT 1 \\gset
UPDATE pg_index SET indisready = false WHERE indexrelid = :index;
BEGIN;
CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM :name WHERE ctid = (SELECT min(ctid) FROM :name);
DELETE FROM :name WHERE ctid = (SELECT min(ctid) FROM :name);
INSERT INTO :name OVERRIDING SYSTEM VALUE SELECT * FROM kept;
COMMIT;
UPDATE pg_index SET indisready = true WHERE indexrelid = :index;`;

export const indexCorrupt = (deps: DamageDeps): Damage => ({
  id: 'postgres/index-corrupt',
  title: 'An index does not know of a row of its table',
  source: 'postgres',
  async plant(copy) {
    needRows(copy);
    await breakBySql(copy, deps, SQL);
  },
  expect: { verdict: 'not verified', code: 'INDEX_CORRUPT', level: 'L5' },
});
