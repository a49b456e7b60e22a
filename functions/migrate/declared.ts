/**
 * What the migrations declare, as the common table expressions that every question to the catalogue begins with: our
 * roles, their settings, the functions that run with their owner's rights, the tables that are nobody's. Migrations of
 * your own may add tables, grants and policies.
 */
export const DECLARED = `
WITH ours (name, login, connections) AS (
  VALUES ('mcp_owner', false, -1), ('mcp_context', false, -1), ('mcp_reader', true, 40), ('mcp_writer', true, 20)
), declared (name, setting) AS (
  VALUES ('mcp_reader', 'default_transaction_read_only=on'),
         ('mcp_reader', 'statement_timeout=5s'), ('mcp_writer', 'statement_timeout=5s'),
         ('mcp_reader', 'lock_timeout=1s'), ('mcp_writer', 'lock_timeout=1s'),
         ('mcp_reader', 'idle_in_transaction_session_timeout=10s'), ('mcp_writer', 'idle_in_transaction_session_timeout=10s')
), definers (name, login) AS (
  VALUES ('gatehouse.row_context', 'mcp_reader'), ('gatehouse.row_context', 'mcp_writer'),
         ('gatehouse.claim_request', 'mcp_writer'), ('gatehouse.keep_answer', 'mcp_writer')
), private (name) AS (
  VALUES ('gatehouse.row_context_keys'), ('gatehouse.performed')
), actual (name, setting, place) AS (
  SELECT r.rolname::text, unnest(s.setconfig), coalesce(' IN DATABASE ' || quote_ident(d.datname), '')
    FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
   WHERE r.rolname IN (SELECT name FROM ours)
), logins AS (
  -- Of a superuser there is one thing to say, not one for each table.
  SELECT r.oid, r.rolname::text AS name FROM pg_roles r JOIN ours o ON o.name = r.rolname WHERE o.login AND NOT r.rolsuper
), spaces AS (
  SELECT oid, nspowner, nspacl, nspname::text AS name FROM pg_namespace
   WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relations AS (
  SELECT c.oid, c.relkind, c.relowner, c.relacl, c.relrowsecurity AND c.relforcerowsecurity AS guarded, c.reloptions,
         s.name || '.' || c.relname AS name, c.oid::regclass::text AS quoted
    FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
), routines AS (
  SELECT p.oid, p.prosecdef, p.proowner, p.proacl, p.proconfig, s.name || '.' || p.proname AS name,
         p.oid::regprocedure::text AS quoted
    FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
   WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
)`;
