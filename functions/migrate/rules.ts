/**
 * What may not be, one SELECT each: a sentence about it, and the statement that puts it right. Each stands after
 * `DECLARED`. A rule asks the catalogue, so it finds what a hand at the console did as well as what a migration did.
 */
export const RULES: readonly string[] = [
  // Roles.
  `SELECT 'there is no role ' || name AS problem, 'restore the roles of 0001-roles.sql from it' AS fix
     FROM ours WHERE name NOT IN (SELECT rolname FROM pg_roles)`,
  `SELECT o.name || ' ' || p.what, 'ALTER ROLE ' || o.name || ' ' || p.fix
     FROM ours o JOIN pg_roles r ON r.rolname = o.name
    CROSS JOIN LATERAL (VALUES
      (r.rolsuper, 'is a superuser', 'NOSUPERUSER'), (r.rolbypassrls, 'passes row policies', 'NOBYPASSRLS'),
      (r.rolcreaterole, 'may create roles', 'NOCREATEROLE'), (r.rolcreatedb, 'may create databases', 'NOCREATEDB'),
      (r.rolreplication, 'may replicate', 'NOREPLICATION'), (r.rolinherit, 'inherits', 'NOINHERIT'),
      (r.rolcanlogin AND NOT o.login, 'can log in', 'NOLOGIN'), (o.login AND NOT r.rolcanlogin, 'cannot log in', 'LOGIN'),
      (r.rolconnlimit <> o.connections, 'may have ' || r.rolconnlimit || ' connections, not ' || o.connections,
       'CONNECTION LIMIT ' || o.connections)
    ) AS p (holds, what, fix) WHERE p.holds`,
  `SELECT m.member::regrole::text || ' is a member of ' || m.roleid::regrole::text,
          'REVOKE ' || m.roleid::regrole::text || ' FROM ' || m.member::regrole::text
     FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname IN (SELECT name FROM ours)`,
  `SELECT r.rolname || ' may act as ' || m.roleid::regrole::text,
          'REVOKE ' || m.roleid::regrole::text || ' FROM ' || m.member::regrole::text
     FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
    WHERE m.roleid::regrole::text IN (SELECT name FROM ours)
      AND r.rolname NOT IN (SELECT name FROM ours) AND r.rolname <> current_user AND NOT r.rolsuper AND r.rolname !~ '^rds'`,
  `SELECT a.name || ' has the setting ' || a.setting || a.place || ', which is not declared',
          'find out who held its login; then ALTER ROLE ' || a.name || a.place || CASE
            WHEN d.setting IS NULL OR a.place <> '' THEN ' RESET ' || split_part(a.setting, '=', 1)
            ELSE ' SET ' || split_part(d.setting, '=', 1) || ' = ' || quote_literal(split_part(d.setting, '=', 2)) END
     FROM actual a LEFT JOIN declared d ON d.name = a.name AND split_part(d.setting, '=', 1) = split_part(a.setting, '=', 1)
    WHERE (a.name, a.setting) NOT IN (SELECT name, setting FROM declared)`,
  `SELECT name || ' lacks the setting ' || setting,
          'ALTER ROLE ' || name || ' SET ' || split_part(setting, '=', 1) || ' = ' || quote_literal(split_part(setting, '=', 2))
     FROM (SELECT * FROM declared EXCEPT SELECT name, setting FROM actual) AS lost`,
  // What everybody gets here decides what an unqualified name means, or which code is loaded, for our roles too.
  `SELECT 'everybody has the setting ' || setting || ' in this database',
          'ALTER DATABASE ' || quote_ident(current_database()) || ' RESET ' || split_part(setting, '=', 1)
     FROM (SELECT unnest(setconfig) AS setting FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase
            WHERE setrole = 0 AND d.datname = current_database()) AS s
    WHERE split_part(setting, '=', 1) IN ('search_path', 'role', 'row_security', 'local_preload_libraries', 'session_preload_libraries')`,
  `SELECT l.name || ' owns an object of ' || d.classid::regclass::text, 'REASSIGN OWNED BY ' || l.name || ' TO CURRENT_USER'
     FROM pg_shdepend d JOIN logins l ON l.oid = d.refobjid WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o'`,

  // The database and its schemas.
  `SELECT l.name || ' has ' || p.what || ' on the database',
          'REVOKE ' || p.what || ' ON DATABASE ' || quote_ident(current_database()) || ' FROM PUBLIC, ' || l.name
     FROM logins l CROSS JOIN (VALUES ('TEMP'), ('CREATE')) AS p (what)
    WHERE has_database_privilege(l.oid, current_database(), p.what)`,
  `SELECT l.name || ' may create in schema ' || s.name, 'REVOKE CREATE ON SCHEMA ' || quote_ident(s.name) || ' FROM PUBLIC, ' || l.name
     FROM logins l CROSS JOIN spaces s WHERE has_schema_privilege(l.oid, s.oid, 'CREATE')`,
  `SELECT l.name || ' may use schema public', 'REVOKE ALL ON SCHEMA public FROM PUBLIC, ' || l.name
     FROM logins l WHERE has_schema_privilege(l.oid, 'public', 'USAGE')`,

  // Tables: what a login may never do, and that whatever it may read is guarded by a forced policy.
  `SELECT l.name || ' may ' || p.what || ' ' || r.name, 'REVOKE ' || p.what || ' ON ' || r.quoted || ' FROM PUBLIC, ' || l.name
     FROM logins l CROSS JOIN relations r CROSS JOIN (VALUES
      ('INSERT', true, true), ('UPDATE', true, true), ('DELETE', false, true), ('TRUNCATE', false, false),
      ('REFERENCES', true, false), ('TRIGGER', false, false), ('MAINTAIN', false, false)) AS p (what, by_column, writer)
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT (p.writer AND l.name = 'mcp_writer')
      AND (has_table_privilege(l.oid, r.oid, p.what)
           OR CASE WHEN p.by_column THEN has_any_column_privilege(l.oid, r.oid, p.what) ELSE false END)`,
  `SELECT 'mcp_reader may move sequence ' || r.name, 'REVOKE ALL ON SEQUENCE ' || r.quoted || ' FROM PUBLIC, mcp_reader'
     FROM relations r JOIN logins l ON l.name = 'mcp_reader'
    WHERE CASE WHEN r.relkind = 'S' THEN has_sequence_privilege(l.oid, r.oid, 'USAGE, UPDATE') ELSE false END`,
  `SELECT DISTINCT r.name || ' can be reached by a login and has no forced row level security',
          'ALTER TABLE ' || r.quoted || ' ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, and write a policy'
     FROM relations r CROSS JOIN logins l
    WHERE r.relkind IN ('r', 'p', 'm', 'f') AND NOT r.guarded AND r.name NOT IN (SELECT name FROM private)
      AND has_any_column_privilege(l.oid, r.oid, 'SELECT, INSERT, UPDATE, REFERENCES')`,
  `SELECT DISTINCT r.name || ' is a view that shows rows with its owner''s rights',
          'ALTER VIEW ' || r.quoted || ' SET (security_invoker = true)'
     FROM relations r CROSS JOIN logins l
    WHERE r.relkind = 'v' AND NOT coalesce(r.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)
      AND has_any_column_privilege(l.oid, r.oid, 'SELECT')`,
  `SELECT DISTINCT g.who || ' may ' || a.privilege_type || ' ' || c.name, 'REVOKE ALL ON ' || c.quoted || ' FROM ' || g.who
     FROM relations c
    CROSS JOIN LATERAL (
      SELECT * FROM aclexplode(c.relacl)
      UNION ALL
      SELECT x.* FROM pg_attribute t CROSS JOIN LATERAL aclexplode(t.attacl) AS x WHERE t.attrelid = c.oid
    ) AS a
    CROSS JOIN LATERAL (SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS who) AS g
    WHERE c.name IN (SELECT name FROM private) AND a.grantee <> c.relowner`,

  // PostgreSQL's own: what everybody may do there is its choice, what one of our logins may besides is a hand's.
  `SELECT DISTINCT l.name || ' may ' || a.privilege_type || ' ' || s.quoted || ', which belongs to PostgreSQL',
          'REVOKE ALL ON ' || s.kind || ' ' || s.quoted || ' FROM ' || l.name
     FROM (SELECT 'TABLE' AS kind, c.relnamespace AS place, c.oid::regclass::text AS quoted, c.relacl AS acl FROM pg_class c
           UNION ALL
           SELECT 'TABLE', c.relnamespace, c.oid::regclass::text, t.attacl
             FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid WHERE t.attacl IS NOT NULL
           UNION ALL
           SELECT 'ROUTINE', p.pronamespace, p.oid::regprocedure::text, p.proacl FROM pg_proc p) AS s
    CROSS JOIN LATERAL aclexplode(s.acl) AS a JOIN logins l ON l.oid = a.grantee
    WHERE s.place NOT IN (SELECT oid FROM spaces)`,
  `SELECT DISTINCT 'everybody may ' || a.privilege_type || ' ' || r.name, 'REVOKE ALL ON ' || r.quoted || ' FROM PUBLIC'
     FROM relations r CROSS JOIN LATERAL (
       SELECT * FROM aclexplode(r.relacl)
       UNION ALL
       SELECT x.* FROM pg_attribute t CROSS JOIN LATERAL aclexplode(t.attacl) AS x WHERE t.attrelid = r.oid
     ) AS a WHERE a.grantee = 0 AND r.name NOT IN (SELECT name FROM private)`,

  // Routines.
  `SELECT DISTINCT 'everybody may execute ' || r.name, 'REVOKE EXECUTE ON ROUTINE ' || r.quoted || ' FROM PUBLIC'
     FROM routines r CROSS JOIN LATERAL aclexplode(coalesce(r.proacl, acldefault('f', r.proowner))) AS a WHERE a.grantee = 0`,
  `SELECT DISTINCT l.name || ' may execute ' || r.name || ', which runs with its owner''s rights',
          'REVOKE EXECUTE ON ROUTINE ' || r.quoted || ' FROM PUBLIC, ' || l.name
     FROM routines r CROSS JOIN logins l
    WHERE r.prosecdef AND (r.name, l.name) NOT IN (SELECT name, login FROM definers) AND has_function_privilege(l.oid, r.oid, 'EXECUTE')`,
  `SELECT DISTINCT p.name || ' is not as it was made',
          'make it as its migration did: SECURITY DEFINER, owned by mcp_context, SET search_path = pg_catalog, pg_temp'
     FROM routines p WHERE p.name IN (SELECT name FROM definers)
      AND (NOT p.prosecdef OR p.proowner <> to_regrole('mcp_context')
           OR p.proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp'])`,
  `SELECT 'there is no gatehouse.row_context', 'restore it from 0002-row-context.sql'
    WHERE NOT EXISTS (SELECT FROM routines WHERE name = 'gatehouse.row_context')`,

  // What will be granted on objects that are not there yet.
  `SELECT 'everybody may execute functions that ' || o.name || ' makes',
          'ALTER DEFAULT PRIVILEGES FOR ROLE ' || quote_ident(o.name) || ' REVOKE EXECUTE ON ROUTINES FROM PUBLIC'
     FROM (SELECT name FROM ours WHERE NOT login AND to_regrole(name) IS NOT NULL UNION SELECT current_user::text) AS o
    WHERE NOT EXISTS (
      SELECT FROM pg_default_acl d
       WHERE d.defaclrole = to_regrole(quote_ident(o.name)) AND d.defaclnamespace = 0 AND d.defaclobjtype = 'f'
         AND NOT EXISTS (SELECT FROM aclexplode(d.defaclacl) AS a WHERE a.grantee = 0))`,
  `SELECT DISTINCT g.who || ' gets ' || a.privilege_type || ' on ' || k.what || ' that ' || d.defaclrole::regrole::text || ' makes',
          'ALTER DEFAULT PRIVILEGES FOR ROLE ' || d.defaclrole::regrole::text
            || coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '') || ' REVOKE ALL ON ' || k.what || ' FROM ' || g.who
     FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
    CROSS JOIN LATERAL aclexplode(d.defaclacl) AS a
    CROSS JOIN LATERAL (SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS who) AS g
     JOIN (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'ROUTINES'), ('T', 'TYPES'), ('n', 'SCHEMAS')) AS k (kind, what)
       ON k.kind = d.defaclobjtype::text
    WHERE g.who IN (SELECT name FROM logins)
       OR (g.who = 'PUBLIC' AND k.kind <> 'T' AND NOT (k.kind = 'f' AND d.defaclnamespace = 0
           AND d.defaclrole::regrole::text IN (SELECT name FROM ours UNION SELECT quote_ident(current_user))))`,

  // PREPARE TRANSACTION works inside READ ONLY and outlives a rollback.
  `SELECT 'max_prepared_transactions is ' || current_setting('max_prepared_transactions') || ', not 0',
          'set it to 0 in the parameter group of the cluster, and restart'
    WHERE current_setting('max_prepared_transactions') <> '0'`,
];
