import { createHmac } from 'node:crypto';
import type { Row, SqlFailure, Statement } from '../ports.ts';
import type { Result } from '../result.ts';
import { sql } from '../sql/statement.ts';
import { SqlRefusal } from './context.ts';
import type { FailureCode } from './failure.ts';

/** A request as the database knows it: its id, and a keyed hash of the call it stands for. */
export type Request = { readonly requestId: string; readonly mac: Uint8Array };

/** What one call gives: made now, or kept from the time it was made. */
export type Performed = { readonly value: object; readonly repeated: boolean };

/** The call cannot be made under this request id, or its answer could not be given again. Rolls the transaction back. */
export class NotOnce extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode) {
    super(`the request is not carried out: ${code}`);
    this.code = code;
  }
}

/** The longest answer that is kept, in bytes of JSON. What could not be given a second time is not given at all. */
const LONGEST_ANSWER = 64 * 1024;

/**
 * HMAC-SHA256 of a call: the tool, who asks, and the arguments as canonical JSON (RFC 8785). Keyed, because arguments are
 * found by trying where only their hash is stored.
 */
export function callMac(key: Uint8Array, tool: string, subject: string, canonicalArguments: string): Buffer {
  // Both as JSON: whatever a subject is made of, two calls never run together into one text.
  const text = `call/v1|${JSON.stringify([tool, subject])}|${canonicalArguments}`;
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

/**
 * Runs `work` unless this request was carried out before, inside an open transaction as `mcp_writer` and as its first
 * statement. The claim and the answer are kept by the same commit as the change, so there is no moment at which one is
 * there without the other. Others with the same request wait for that commit.
 *
 * @throws NotOnce when the id was used for another call (`request_replayed`), or the answer is too long to keep
 * @throws SqlRefusal when the database cannot say
 */
export async function performOnce(
  execute: (statement: Statement) => Promise<Result<readonly Row[], SqlFailure>>,
  { requestId, mac }: Request,
  work: () => Promise<object>,
): Promise<Performed> {
  const run = async (statement: Statement) => {
    const rows = await execute(statement);
    if (!rows.ok) throw new SqlRefusal(rows.error);
    return rows.value[0];
  };
  const claim = await run(sql`SELECT state, answer FROM gatehouse.claim_request(${requestId}, ${mac})`);
  if (claim?.state === 'done' && typeof claim.answer === 'string') {
    return { value: JSON.parse(claim.answer) as object, repeated: true };
  }
  if (claim?.state !== 'new') throw new NotOnce(claim?.state === 'other' ? 'request_replayed' : 'outcome_unknown');
  const value = await work();
  const answer = JSON.stringify(value);
  if (Buffer.byteLength(answer) > LONGEST_ANSWER) throw new NotOnce('result_too_large');
  await run(sql`SELECT gatehouse.keep_answer(${requestId}, ${answer}) AS kept`);
  return { value, repeated: false };
}
