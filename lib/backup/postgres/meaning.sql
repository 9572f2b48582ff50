-- What contradicts itself in a database, one JSON object a line. Leaves nothing: amcheck comes and goes in a transaction
-- that is rolled back, and on a server in recovery it is used where it is there already.

-- A sequence that is behind its column: the next insert fails. By increment, since one may count downwards.
SELECT format('SELECT json_build_object(''kind'', ''sequence'', ''name'', %L::text, ''next'', '
  '(SELECT last_value + CASE WHEN is_called THEN %s ELSE 0 END FROM %I.%I)::text, ''data'', %s(%I)::text, '
  '''behind'', coalesce(%s(%I) %s (SELECT last_value + CASE WHEN is_called THEN %s ELSE 0 END FROM %I.%I), false)) FROM %I.%I',
  format('%I.%I', sn.nspname, s.relname), q.seqincrement, sn.nspname, s.relname, up.extreme, a.attname,
  up.extreme, a.attname, up.beyond, q.seqincrement, sn.nspname, s.relname, tn.nspname, t.relname)
FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_sequence q ON q.seqrelid = s.oid
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
CROSS JOIN LATERAL (SELECT CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END AS extreme,
  CASE WHEN q.seqincrement > 0 THEN '>=' ELSE '<=' END AS beyond) up
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
ORDER BY 1
\gexec

-- A page that failed its checksum was read as an error by everything above; these were counted since the start.
SELECT json_build_object('kind', 'pages', 'checksums', current_setting('data_checksums') = 'on', 'failures',
  (SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database));
