import type { Damage } from '../../source.ts';
import { breakBySql, type DamageDeps, needRows } from './deps.ts';

/** The first column of text, in the table with the most rows, that takes another value. */
const SQL = `
SET session_replication_role = replica;
DO $$
DECLARE
  one record;
  changed bigint;
BEGIN
  FOR one IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name, a.attname, c.relname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'text'::regtype
      AND a.attgenerated = '' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY pg_relation_size(c.oid) DESC, a.attnum
  LOOP
    BEGIN
      EXECUTE format('UPDATE %s SET %I = reverse(%2$I) || ''.'' WHERE ctid = (SELECT min(ctid) FROM %1$s)', one.name, one.attname);
      GET DIAGNOSTICS changed = ROW_COUNT;
      IF changed > 0 THEN
        RETURN;
      END IF;
    EXCEPTION WHEN check_violation OR unique_violation THEN
      CONTINUE;
    END;
  END LOOP;
  RAISE EXCEPTION 'no column of text takes another value';
END
$$;`;

export const valueChanged = (deps: DamageDeps): Damage => ({
  id: 'postgres/value-changed',
  title: 'One value is another one, and the rows are as many',
  source: 'postgres',
  async plant(copy) {
    needRows(copy);
    await breakBySql(copy, deps, SQL);
  },
  expect: { verdict: 'not verified', code: 'TABLE_CHECKSUM', level: 'L4' },
});
