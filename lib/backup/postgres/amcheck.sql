-- Every B-tree against its table, and every table's rows. Rolled back: the source's extensions stay as they are.
SET statement_timeout = 0;
BEGIN;
SELECT pg_is_in_recovery() AS recovering \gset
\if :recovering
\else
CREATE EXTENSION IF NOT EXISTS amcheck;
\endif
DO $$
DECLARE
  one record;
BEGIN
  FOR one IN
    SELECT c.oid, c.relkind, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am m ON m.oid = c.relam
    LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relpersistence = 'p' AND (c.relkind IN ('r', 'm', 't') AND m.amname = 'heap'
      OR c.relkind = 'i' AND m.amname = 'btree' AND i.indisready AND i.indisvalid)
    ORDER BY n.nspname, c.relname
  LOOP
    BEGIN
      IF one.relkind = 'i' THEN
        PERFORM bt_index_check(one.oid, true);
      ELSE
        PERFORM FROM verify_heapam(one.oid) v WHERE v.msg IS NOT NULL;
        IF FOUND THEN
          RAISE EXCEPTION '%', (SELECT v.msg FROM verify_heapam(one.oid) v LIMIT 1);
        END IF;
      END IF;
    EXCEPTION WHEN undefined_function THEN
      RAISE;
    WHEN OTHERS THEN
      RAISE WARNING '%', json_build_object('kind', 'corrupt', 'name', one.name, 'says', SQLERRM);
    END;
  END LOOP;
END
$$;
ROLLBACK;
