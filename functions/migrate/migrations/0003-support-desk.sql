-- The sample schema: a support desk of several tenants. Every table has a tenant column and a policy by the verified
-- tenant, forced, so that it holds for the owner's own views and functions too. The policy's function stands in a
-- sub-select, which PostgreSQL runs once for a statement and not once for a row.
SET LOCAL ROLE mcp_owner
--> statement-breakpoint
CREATE TABLE app.customers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant text NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  phone text NOT NULL,
  city text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant, id)
)
--> statement-breakpoint
CREATE TABLE app.orders (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant text NOT NULL,
  customer_id uuid NOT NULL,
  number text NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'paid', 'shipped', 'refunded')),
  item text NOT NULL,
  total numeric(10, 2) NOT NULL CHECK (total >= 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  placed_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant, id),
  UNIQUE (tenant, number),
  FOREIGN KEY (tenant, customer_id) REFERENCES app.customers (tenant, id)
)
--> statement-breakpoint
CREATE INDEX orders_by_time ON app.orders (tenant, placed_at DESC)
--> statement-breakpoint
CREATE INDEX orders_by_customer ON app.orders (tenant, customer_id)
--> statement-breakpoint
-- Subject and body are what a customer wrote: data, whatever it says.
CREATE TABLE app.tickets (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant text NOT NULL,
  customer_id uuid NOT NULL,
  order_id uuid,
  number text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'waiting', 'closed')),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant, id),
  UNIQUE (tenant, number),
  FOREIGN KEY (tenant, customer_id) REFERENCES app.customers (tenant, id),
  FOREIGN KEY (tenant, order_id) REFERENCES app.orders (tenant, id)
)
--> statement-breakpoint
CREATE INDEX tickets_by_time ON app.tickets (tenant, created_at DESC)
--> statement-breakpoint
-- Tenant and author come from the verified context, and the policy takes no others. The request makes a write that is
-- delivered twice take effect once.
CREATE TABLE app.notes (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant text NOT NULL DEFAULT gatehouse.tenant(),
  ticket_id uuid NOT NULL,
  author text NOT NULL DEFAULT gatehouse.subject(),
  body text NOT NULL CHECK (length(body) BETWEEN 1 AND 4000),
  request_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant, request_id),
  FOREIGN KEY (tenant, ticket_id) REFERENCES app.tickets (tenant, id)
)
--> statement-breakpoint
CREATE INDEX notes_by_ticket ON app.notes (tenant, ticket_id)
--> statement-breakpoint
CREATE TABLE app.refunds (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant text NOT NULL DEFAULT gatehouse.tenant(),
  order_id uuid NOT NULL,
  amount numeric(10, 2) NOT NULL CHECK (amount >= 0),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
  author text NOT NULL DEFAULT gatehouse.subject(),
  request_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant, order_id),
  UNIQUE (tenant, request_id),
  FOREIGN KEY (tenant, order_id) REFERENCES app.orders (tenant, id)
)
--> statement-breakpoint
DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['customers', 'orders', 'tickets', 'notes', 'refunds'] LOOP
    EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format(
      'CREATE POLICY of_the_tenant ON app.%I FOR SELECT TO mcp_reader, mcp_writer '
      'USING (tenant = (SELECT gatehouse.tenant()))', guarded);
  END LOOP;
END
$$
--> statement-breakpoint
CREATE POLICY by_the_author ON app.notes FOR INSERT TO mcp_writer
  WITH CHECK (tenant = (SELECT gatehouse.tenant()) AND author = (SELECT gatehouse.subject()))
--> statement-breakpoint
CREATE POLICY by_the_author ON app.refunds FOR INSERT TO mcp_writer
  WITH CHECK (tenant = (SELECT gatehouse.tenant()) AND author = (SELECT gatehouse.subject()))
--> statement-breakpoint
CREATE POLICY refunded ON app.orders FOR UPDATE TO mcp_writer
  USING (tenant = (SELECT gatehouse.tenant())) WITH CHECK (tenant = (SELECT gatehouse.tenant()))
--> statement-breakpoint
-- By column: no tool needs a customer's telephone number, so no tool can read it.
GRANT SELECT (id, name, email, city, created_at) ON app.customers TO mcp_reader
--> statement-breakpoint
GRANT SELECT (id, customer_id, number, status, item, total, currency, placed_at) ON app.orders TO mcp_reader
--> statement-breakpoint
GRANT SELECT (id, tenant, number, status, total, currency), UPDATE (status) ON app.orders TO mcp_writer
--> statement-breakpoint
GRANT SELECT (id, customer_id, order_id, number, subject, body, status, created_at) ON app.tickets TO mcp_reader
--> statement-breakpoint
GRANT SELECT (id, tenant, number, status) ON app.tickets TO mcp_writer
--> statement-breakpoint
GRANT SELECT (id, ticket_id, author, body, created_at) ON app.notes TO mcp_reader
--> statement-breakpoint
GRANT SELECT (id, tenant, ticket_id, request_id, created_at), INSERT (tenant, ticket_id, author, body, request_id)
  ON app.notes TO mcp_writer
--> statement-breakpoint
GRANT SELECT (id, order_id, amount, created_at) ON app.refunds TO mcp_reader
--> statement-breakpoint
GRANT SELECT (id, tenant, order_id, request_id, created_at), INSERT (tenant, order_id, amount, reason, author, request_id)
  ON app.refunds TO mcp_writer
--> statement-breakpoint
RESET ROLE
