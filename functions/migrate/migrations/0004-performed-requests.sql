-- Which requests the write function has carried out, and what it answered: a call that is delivered twice takes effect
-- once. No login reaches the table. The two functions take tenant and subject from the signed context and from nowhere
-- else, so the request ids of two people, or of two tenants, are different things.
SET LOCAL ROLE mcp_context
--> statement-breakpoint
-- The MAC says whether it is the same call again. An answer is missing only until its transaction commits.
CREATE TABLE gatehouse.performed (
  tenant text NOT NULL,
  subject text NOT NULL,
  request_id text NOT NULL CHECK (length(request_id) BETWEEN 1 AND 128),
  call_mac bytea NOT NULL CHECK (length(call_mac) = 32),
  answer text CHECK (octet_length(answer) <= 65536),
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant, subject, request_id)
)
--> statement-breakpoint
CREATE INDEX performed_by_time ON gatehouse.performed (at)
--> statement-breakpoint
-- 'new': the request is this transaction's, and everybody else with the same one waits for its end. 'done': it was carried
-- out, and this is its answer. 'other': its id was used for another call.
-- Each call also takes away up to a hundred requests that are a day old: more than one adds. SKIP LOCKED, because nobody
-- shall wait, or stand in a circle with others, for tidying up.
CREATE FUNCTION gatehouse.claim_request(wanted text, mac bytea, OUT state text, OUT answer text)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  caller text[] := gatehouse.row_context();
  earlier record;
BEGIN
  IF caller IS NULL THEN
    RAISE insufficient_privilege USING MESSAGE = 'a request is claimed under a signed row context';
  END IF;
  DELETE FROM gatehouse.performed WHERE ctid = ANY (ARRAY(
    SELECT p.ctid FROM gatehouse.performed p WHERE p.at < clock_timestamp() - interval '1 day'
     ORDER BY p.at LIMIT 100 FOR UPDATE SKIP LOCKED));
  INSERT INTO gatehouse.performed (tenant, subject, request_id, call_mac, at)
       VALUES (coalesce(caller[2], ''), caller[1], wanted, mac, clock_timestamp())
  ON CONFLICT (tenant, subject, request_id) DO NOTHING;
  IF FOUND THEN
    state := 'new';
    RETURN;
  END IF;
  SELECT p.call_mac, p.answer INTO earlier FROM gatehouse.performed p
   WHERE p.tenant = coalesce(caller[2], '') AND p.subject = caller[1] AND p.request_id = wanted;
  IF earlier.call_mac = mac THEN
    state := 'done';
    answer := earlier.answer;
  ELSE
    state := 'other';
  END IF;
END
$$
--> statement-breakpoint
-- Stores the answer of a request that this transaction claimed. An answer that is there never changes.
CREATE FUNCTION gatehouse.keep_answer(claimed text, given text) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  caller text[] := gatehouse.row_context();
BEGIN
  UPDATE gatehouse.performed p SET answer = given
   WHERE p.tenant = coalesce(caller[2], '') AND p.subject = caller[1] AND p.request_id = claimed
     AND p.answer IS NULL AND given IS NOT NULL;
  IF NOT FOUND THEN
    RAISE insufficient_privilege USING MESSAGE = 'no request was claimed that waits for this answer';
  END IF;
  RETURN true;
END
$$
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION gatehouse.claim_request(text, bytea), gatehouse.keep_answer(text, text) TO mcp_writer
--> statement-breakpoint
RESET ROLE
