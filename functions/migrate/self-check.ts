import type { RunSql } from '../adapters/data-api-admin.ts';

/**
 * What the database grants beyond what the migrations declare, one sentence each. Roles can change some of their own
 * settings, and a hand at the console can change anything, so this is asked after every run. Migrations of your own may
 * add tables, grants and policies; what they may not do is in these rules.
 */
export async function selfCheck(run: RunSql): Promise<readonly string[]> {
  const rows = await run(`${OURS} ${RULES.join(' UNION ALL ')} ORDER BY 1`);
  return rows.map((row) => String(row.problem));
}

/** The settings and limits of 0001-roles.sql, and what is nobody's business here: the catalogue and other sessions. */
const OURS = `
WITH ours (name, login, connections) AS (
  VALUES ('mcp_owner', false, -1), ('mcp_context', false, -1), ('mcp_reader', true, 40), ('mcp_writer', true, 20)
), declared (name, setting) AS (
  VALUES ('mcp_reader', 'default_transaction_read_only=on'),
         ('mcp_reader', 'statement_timeout=5s'), ('mcp_writer', 'statement_timeout=5s'),
         ('mcp_reader', 'lock_timeout=1s'), ('mcp_writer', 'lock_timeout=1s'),
         ('mcp_reader', 'idle_in_transaction_session_timeout=10s'), ('mcp_writer', 'idle_in_transaction_session_timeout=10s')
), actual (name, setting) AS (
  SELECT r.rolname::text, unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
   WHERE r.rolname IN (SELECT name FROM ours)
), logins AS (
  SELECT r.oid, r.rolname::text AS name FROM pg_roles r JOIN ours o ON o.name = r.rolname WHERE o.login
), spaces AS (
  SELECT oid, nspname::text AS name FROM pg_namespace
   WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relations AS (
  SELECT c.oid, c.relkind, c.relowner, c.relacl, c.relrowsecurity AND c.relforcerowsecurity AS guarded, c.reloptions, s.name || '.' || c.relname AS name
    FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
), routines AS (
  SELECT p.oid, p.prosecdef, p.proowner, p.proacl, p.proconfig, s.name || '.' || p.proname AS name
    FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
   WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
)`;

const RULES: readonly string[] = [
  // Roles.
  `SELECT 'there is no role ' || name AS problem FROM ours WHERE name NOT IN (SELECT rolname FROM pg_roles)`,
  `SELECT o.name || ' ' || p.what
     FROM ours o JOIN pg_roles r ON r.rolname = o.name
    CROSS JOIN LATERAL (VALUES
      (r.rolsuper, 'is a superuser'), (r.rolbypassrls, 'passes row policies'), (r.rolcreaterole, 'may create roles'),
      (r.rolcreatedb, 'may create databases'), (r.rolreplication, 'may replicate'), (r.rolinherit, 'inherits'),
      (r.rolcanlogin AND NOT o.login, 'can log in'), (o.login AND NOT r.rolcanlogin, 'cannot log in'),
      (r.rolconnlimit <> o.connections, 'may have ' || r.rolconnlimit || ' connections, not ' || o.connections)
    ) AS p (holds, what) WHERE p.holds`,
  `SELECT m.member::regrole::text || ' is a member of ' || m.roleid::regrole::text
     FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname IN (SELECT name FROM ours)`,
  `SELECT r.rolname || ' may act as ' || m.roleid::regrole::text
     FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
    WHERE m.roleid::regrole::text IN (SELECT name FROM ours)
      AND r.rolname NOT IN (SELECT name FROM ours) AND r.rolname <> current_user AND NOT r.rolsuper AND r.rolname !~ '^rds'`,
  `SELECT name || ' has the setting ' || setting || ', which is not declared'
     FROM (SELECT * FROM actual EXCEPT SELECT * FROM declared) AS drifted`,
  `SELECT name || ' lacks the setting ' || setting FROM (SELECT * FROM declared EXCEPT SELECT * FROM actual) AS lost`,
  `SELECT l.name || ' owns an object of ' || d.classid::regclass::text
     FROM pg_shdepend d JOIN logins l ON l.oid = d.refobjid WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o'`,

  // The database and its schemas.
  `SELECT l.name || ' has ' || p.what || ' on the database'
     FROM logins l CROSS JOIN (VALUES ('TEMP'), ('CREATE')) AS p (what)
    WHERE has_database_privilege(l.oid, current_database(), p.what)`,
  `SELECT l.name || ' may create in schema ' || s.name
     FROM logins l CROSS JOIN spaces s WHERE has_schema_privilege(l.oid, s.oid, 'CREATE')`,
  `SELECT l.name || ' may use schema public' FROM logins l WHERE has_schema_privilege(l.oid, 'public', 'USAGE')`,

  // Tables: what a login may never do, and that whatever it may read is guarded by a forced policy.
  `SELECT l.name || ' may ' || p.what || ' ' || r.name
     FROM logins l CROSS JOIN relations r CROSS JOIN (VALUES
      ('INSERT', true, true), ('UPDATE', true, true), ('DELETE', false, true), ('TRUNCATE', false, false),
      ('REFERENCES', true, false), ('TRIGGER', false, false), ('MAINTAIN', false, false)) AS p (what, by_column, writer)
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT (p.writer AND l.name = 'mcp_writer')
      AND (has_table_privilege(l.oid, r.oid, p.what)
           OR CASE WHEN p.by_column THEN has_any_column_privilege(l.oid, r.oid, p.what) ELSE false END)`,
  `SELECT 'mcp_reader may move sequence ' || r.name
     FROM relations r JOIN logins l ON l.name = 'mcp_reader'
    WHERE CASE WHEN r.relkind = 'S' THEN has_sequence_privilege(l.oid, r.oid, 'USAGE, UPDATE') ELSE false END`,
  `SELECT DISTINCT r.name || ' can be reached by a login and has no forced row level security'
     FROM relations r CROSS JOIN logins l
    WHERE r.relkind IN ('r', 'p', 'm', 'f') AND NOT r.guarded
      AND has_any_column_privilege(l.oid, r.oid, 'SELECT, INSERT, UPDATE, REFERENCES')`,
  `SELECT DISTINCT r.name || ' is a view that shows rows with its owner''s rights: make it WITH (security_invoker = true)'
     FROM relations r CROSS JOIN logins l
    WHERE r.relkind = 'v' AND NOT coalesce(r.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)
      AND has_any_column_privilege(l.oid, r.oid, 'SELECT')`,
  `SELECT DISTINCT a.grantee::regrole::text || ' may ' || a.privilege_type || ' gatehouse.row_context_keys'
     FROM relations c
    CROSS JOIN LATERAL (
      SELECT * FROM aclexplode(c.relacl)
      UNION ALL
      SELECT x.* FROM pg_attribute t CROSS JOIN LATERAL aclexplode(t.attacl) AS x WHERE t.attrelid = c.oid
    ) AS a
    WHERE c.name = 'gatehouse.row_context_keys' AND a.grantee <> c.relowner`,

  // Routines.
  `SELECT DISTINCT 'everybody may execute ' || r.name
     FROM routines r CROSS JOIN LATERAL aclexplode(coalesce(r.proacl, acldefault('f', r.proowner))) AS a WHERE a.grantee = 0`,
  `SELECT DISTINCT l.name || ' may execute ' || r.name || ', which runs with its owner''s rights'
     FROM routines r CROSS JOIN logins l
    WHERE r.prosecdef AND r.name <> 'gatehouse.row_context' AND has_function_privilege(l.oid, r.oid, 'EXECUTE')`,
  `SELECT 'gatehouse.row_context is not as it was made'
    WHERE NOT EXISTS (
      SELECT FROM routines p WHERE p.name = 'gatehouse.row_context' AND p.prosecdef
         AND p.proowner = to_regrole('mcp_context') AND p.proconfig = ARRAY['search_path=pg_catalog, pg_temp'])`,

  // PREPARE TRANSACTION works inside READ ONLY and outlives a rollback.
  `SELECT 'max_prepared_transactions is ' || current_setting('max_prepared_transactions') || ', not 0'
    WHERE current_setting('max_prepared_transactions') <> '0'`,
];
