-- Who there is. Two logins, one for each function that reads or writes rows; two owners that nobody can log in as.
-- None inherits, none is a member of anything, none passes row policies. Passwords come from Secrets Manager afterwards.
DO $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('mcp_owner', 'NOLOGIN'),    -- owns the tables
      ('mcp_context', 'NOLOGIN'),  -- owns the keys of row contexts and the function that verifies them
      ('mcp_reader', 'LOGIN'),     -- the mcp function
      ('mcp_writer', 'LOGIN')      -- the mcp-write function
    ) AS roles (name, login)
  LOOP
    -- Roles belong to the cluster, so they outlive a database that was dropped.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
      EXECUTE format(
        'CREATE ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS',
        wanted.name, wanted.login);
    END IF;
  END LOOP;
END
$$
--> statement-breakpoint
-- The master user may act as the owners, which is how every later migration works: SET LOCAL ROLE mcp_owner.
GRANT mcp_owner, mcp_context TO CURRENT_USER WITH INHERIT FALSE, SET TRUE
--> statement-breakpoint
-- Temporary tables are writes too, and CONNECT is named for those who need it. Other databases of ours stay shut.
DO $$
DECLARE
  ours name;
BEGIN
  FOR ours IN
    SELECT datname FROM pg_database WHERE datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)
  LOOP
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', ours);
  END LOOP;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO mcp_reader, mcp_writer', current_database());
END
$$
--> statement-breakpoint
REVOKE ALL ON SCHEMA public FROM PUBLIC
--> statement-breakpoint
-- A new function can be called by everybody unless its maker says otherwise. Here every maker does.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC
--> statement-breakpoint
ALTER ROLE mcp_reader CONNECTION LIMIT 40
--> statement-breakpoint
ALTER ROLE mcp_reader SET default_transaction_read_only = on
--> statement-breakpoint
ALTER ROLE mcp_reader SET statement_timeout = '5s'
--> statement-breakpoint
ALTER ROLE mcp_reader SET lock_timeout = '1s'
--> statement-breakpoint
ALTER ROLE mcp_reader SET idle_in_transaction_session_timeout = '10s'
--> statement-breakpoint
ALTER ROLE mcp_writer CONNECTION LIMIT 20
--> statement-breakpoint
ALTER ROLE mcp_writer SET statement_timeout = '5s'
--> statement-breakpoint
ALTER ROLE mcp_writer SET lock_timeout = '1s'
--> statement-breakpoint
ALTER ROLE mcp_writer SET idle_in_transaction_session_timeout = '10s'
--> statement-breakpoint
CREATE SCHEMA app AUTHORIZATION mcp_owner
--> statement-breakpoint
CREATE SCHEMA gatehouse AUTHORIZATION mcp_context
--> statement-breakpoint
SET LOCAL ROLE mcp_owner
--> statement-breakpoint
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC
--> statement-breakpoint
GRANT USAGE ON SCHEMA app TO mcp_reader, mcp_writer
--> statement-breakpoint
SET LOCAL ROLE mcp_context
--> statement-breakpoint
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC
--> statement-breakpoint
GRANT USAGE ON SCHEMA gatehouse TO mcp_owner, mcp_reader, mcp_writer
--> statement-breakpoint
RESET ROLE
