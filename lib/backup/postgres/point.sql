-- The point of a set. Variables: point (a name), and dump and globals in the environment (shell commands).
-- Writers are held for the milliseconds between the locks and the restore point, so that what the snapshot sees is what
-- WAL has at the restore point. Whoever cannot have the locks soon gives up: the app must not queue behind a backup.
\set QUIET on
SET lock_timeout = '5s';
SET deadlock_timeout = '100ms';
-- Listed before the transaction: its first query would take the snapshot, and LOCK takes none.
SELECT coalesce(string_agg(format('%I.%I', n.nspname, c.relname), ', '), '') AS tables, count(*) > 0 AS any
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
\gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
SAVEPOINT held;
\if :any
LOCK TABLE :tables IN SHARE MODE;
\endif
SELECT pg_create_restore_point(:'point') AS lsn \gset
-- Gives the locks back; the transaction keeps its snapshot.
ROLLBACK TO SAVEPOINT held;
RELEASE SAVEPOINT held;
SELECT json_build_object('kind', 'point', 'name', :'point', 'lsn', :'lsn', 'wal', pg_walfile_name(:'lsn'),
  'timeline', ('x' || substr(pg_walfile_name(:'lsn'), 1, 8))::bit(32)::int,
  'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
-- Its segment goes into the archive meanwhile.
SELECT pg_switch_wal() AS switched \gset
SELECT pg_export_snapshot() AS snapshot \gset
\setenv MUSTER_SNAPSHOT :snapshot
\! bash -c "$MUSTER_DUMP" && echo '{"kind":"dumped"}'
\! bash -c "$MUSTER_GLOBALS" && echo '{"kind":"globals"}'
