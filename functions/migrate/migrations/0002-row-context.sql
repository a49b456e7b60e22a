-- Who a transaction works for. app.ctx holds hex(subject).hex(tenant).expiry.hex(HMAC-SHA256 of what precedes it), signed
-- by the function that verified the access token. Anybody may set app.ctx, and one SELECT can do so in the middle of the
-- query it guards; what nobody can do is sign.
SET LOCAL ROLE mcp_context
--> statement-breakpoint
-- One key for each login, as the two padded blocks of HMAC (RFC 2104 section 2): the server has sha256 and no hmac.
-- A key that was replaced stays good for a day, for the functions that still run with the old secret.
CREATE TABLE gatehouse.row_context_keys (
  login name NOT NULL,
  inner_block bytea NOT NULL CHECK (length(inner_block) = 64),
  outer_block bytea NOT NULL CHECK (length(outer_block) = 64),
  replaced_at timestamptz,
  PRIMARY KEY (login, inner_block)
)
--> statement-breakpoint
-- The verified subject and tenant, or NULL for anything odd: absent, malformed, expired, claiming more than a minute to
-- live (and some seconds for the difference of two clocks), or signed with another login's key. The digests are hashed
-- once more before they are compared, so that the time it takes tells nothing about where they differ.
CREATE FUNCTION gatehouse.row_context() RETURNS text[]
  LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  context text := current_setting('app.ctx', true);
  parts text[];
  claims bytea;
  lifetime numeric;
BEGIN
  IF context IS NULL OR length(context) > 4096
     OR context !~ '^([0-9a-f]{2})+\.([0-9a-f]{2})*\.[0-9]{10}\.[0-9a-f]{64}$' THEN
    RETURN NULL;
  END IF;
  parts := string_to_array(context, '.');
  lifetime := parts[3]::numeric - extract(epoch FROM clock_timestamp());
  IF lifetime <= 0 OR lifetime > 70 THEN
    RETURN NULL;
  END IF;
  claims := convert_to(parts[1] || '.' || parts[2] || '.' || parts[3], 'UTF8');
  IF NOT EXISTS (
    SELECT FROM gatehouse.row_context_keys
     WHERE login = session_user
       AND (replaced_at IS NULL OR replaced_at > clock_timestamp() - interval '1 day')
       AND sha256(sha256(outer_block || sha256(inner_block || claims))) = sha256(decode(parts[4], 'hex'))
  ) THEN
    RETURN NULL;
  END IF;
  RETURN ARRAY[
    convert_from(decode(parts[1], 'hex'), 'UTF8'),
    nullif(convert_from(decode(parts[2], 'hex'), 'UTF8'), '')
  ];
END
$$
--> statement-breakpoint
CREATE FUNCTION gatehouse.subject() RETURNS text
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  RETURN (gatehouse.row_context())[1]
--> statement-breakpoint
CREATE FUNCTION gatehouse.tenant() RETURNS text
  LANGUAGE sql STABLE PARALLEL RESTRICTED
  RETURN (gatehouse.row_context())[2]
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gatehouse.row_context(), gatehouse.subject(), gatehouse.tenant()
  TO mcp_owner, mcp_reader, mcp_writer
--> statement-breakpoint
RESET ROLE
