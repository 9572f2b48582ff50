-- What a database holds, one JSON object a line. Inside a transaction that sees one moment (REPEATABLE READ).
-- Everything that changes how a value looks as text is fixed here, or a checksum would compare settings.
SET LOCAL search_path = pg_catalog;
SET LOCAL "TimeZone" = 'UTC';
SET LOCAL "DateStyle" = 'ISO, MDY';
SET LOCAL "IntervalStyle" = 'iso_8601';
SET LOCAL bytea_output = 'hex';
SET LOCAL xmlbinary = 'base64';
SET LOCAL extra_float_digits = 1;
SET LOCAL lc_monetary = 'C';
SET LOCAL lc_numeric = 'C';
SET LOCAL row_security = off;

SELECT json_build_object('kind', 'database', 'database', current_database(),
  'serverVersion', current_setting('server_version'),
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()));

-- Two sums of 64-bit hashes over the rows as text: the order does not matter, equal rows count each. Rows of unlogged
-- tables are in no base backup, those of an extension in no dump.
SELECT format('SELECT json_build_object(''kind'', ''table'', ''schema'', %L::text, ''name'', %L::text, ''rows'', count(*), '
  '''checksum'', concat(coalesce(sum(hashtextextended((r.*)::text, 0)::numeric), 0), ''/'', '
  'coalesce(sum(hashtextextended((r.*)::text, 1)::numeric), 0))) FROM ONLY %I.%I AS r',
  n.nspname, c.relname, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname
\gexec

SELECT json_build_object('kind', 'sequence', 'schema', schemaname, 'name', sequencename,
  'last', coalesce(last_value::text, ''))
FROM pg_sequences ORDER BY schemaname, sequencename;

SELECT json_build_object('kind', 'role', 'name', r.rolname,
  'attributes', concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN NOT rolinherit THEN 'noinherit' END,
    CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolcreatedb THEN 'createdb' END,
    CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN rolreplication THEN 'replication' END,
    CASE WHEN rolbypassrls THEN 'bypassrls' END, CASE WHEN rolconnlimit >= 0 THEN 'limit=' || rolconnlimit END,
    'until=' || rolvaliduntil::text, array_to_string(rolconfig, ' ')),
  'memberOf', coalesce((SELECT json_agg(g.rolname ORDER BY g.rolname)
    FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid), '[]'))
FROM pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY r.rolname;

-- Who may do what with which object, the owner's own rights among them; * may be passed on.
WITH own AS (
  SELECT n.oid, n.nspname FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
), extended AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), acl(object, acl) AS (
  SELECT 'database', coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = current_database()
  UNION ALL SELECT format('schema %I', s.nspname), coalesce(s.nspacl, acldefault('n', s.nspowner))
    FROM pg_namespace s JOIN own USING (oid)
  UNION ALL SELECT format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' ELSE 'table' END,
      own.nspname, c.relname),
      coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))
    FROM pg_class c JOIN own ON own.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND ('pg_class'::regclass::oid, c.oid) NOT IN (SELECT classid, objid FROM extended)
  UNION ALL SELECT format('column %I.%I.%I', own.nspname, c.relname, a.attname), a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN own ON own.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL
  UNION ALL SELECT format('function %I.%I(%s)', own.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
      coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN own ON own.oid = p.pronamespace
    WHERE ('pg_proc'::regclass::oid, p.oid) NOT IN (SELECT classid, objid FROM extended)
  UNION ALL SELECT format('default %s in %s of %I', d.defaclobjtype, coalesce(quote_ident(own.nspname), 'all schemas'),
      pg_get_userbyid(d.defaclrole)), d.defaclacl
    FROM pg_default_acl d LEFT JOIN own ON own.oid = d.defaclnamespace
)
SELECT json_build_object('kind', 'grant', 'object', object,
  'grantee', CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END,
  'privileges', string_agg(e.privilege_type || CASE WHEN e.is_grantable THEN '*' ELSE '' END, ' ' ORDER BY e.privilege_type))
FROM acl, aclexplode(acl.acl) e GROUP BY object, e.grantee ORDER BY object, e.grantee;

SELECT json_build_object('kind', 'extension', 'name', extname, 'version', extversion) FROM pg_extension ORDER BY extname;
SELECT json_build_object('kind', 'end');
