-- The schema that the abuse corpus is written for, with roles, row context and grants as the real migrations make them.
SET LOCAL ROLE mcp_owner
--> statement-breakpoint
CREATE TABLE app.orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner text NOT NULL, item text NOT NULL)
--> statement-breakpoint
CREATE TABLE app.names (owner text NOT NULL, item text NOT NULL)
--> statement-breakpoint
CREATE TABLE app.secrets (secret text NOT NULL)
--> statement-breakpoint
CREATE SEQUENCE app.seq
--> statement-breakpoint
CREATE VIEW app.orders_view WITH (security_invoker = true) AS SELECT * FROM app.orders
--> statement-breakpoint
CREATE MATERIALIZED VIEW app.mv0 AS SELECT secret FROM app.secrets
--> statement-breakpoint
CREATE FUNCTION app.definer_write(text) RETURNS int LANGUAGE sql SECURITY DEFINER
  RETURN (SELECT nextval('app.seq'::regclass)::int + length($1))
--> statement-breakpoint
CREATE FUNCTION app.definer_read_secret() RETURNS text LANGUAGE sql SECURITY DEFINER
  AS 'SELECT min(secret) FROM app.secrets'
--> statement-breakpoint
CREATE FUNCTION app.definer_exec(statement text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  AS 'BEGIN EXECUTE statement; END'
--> statement-breakpoint
CREATE FUNCTION app.definer_row(app.orders) RETURNS text LANGUAGE sql SECURITY DEFINER
  AS 'SELECT min(secret) FROM app.secrets'
--> statement-breakpoint
CREATE PROCEDURE app.proc_write() LANGUAGE sql AS 'INSERT INTO app.names VALUES (''eve'', ''x'')'
--> statement-breakpoint
CREATE PROCEDURE app.proc_commit_write() LANGUAGE plpgsql
  AS 'BEGIN COMMIT; INSERT INTO app.names VALUES (''eve'', ''x''); END'
--> statement-breakpoint
CREATE PROCEDURE app.definer_proc() LANGUAGE sql SECURITY DEFINER AS 'INSERT INTO app.names VALUES (''eve'', ''x'')'
--> statement-breakpoint
ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
--> statement-breakpoint
ALTER TABLE app.names ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY
--> statement-breakpoint
CREATE POLICY of_the_owner ON app.orders FOR SELECT TO mcp_reader USING (owner = (SELECT gatehouse.subject()))
--> statement-breakpoint
CREATE POLICY of_the_owner ON app.names FOR SELECT TO mcp_reader USING (owner = (SELECT gatehouse.subject()))
--> statement-breakpoint
GRANT SELECT ON app.orders, app.names, app.orders_view TO mcp_reader
