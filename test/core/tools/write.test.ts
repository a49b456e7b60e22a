import type { Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { createTokenVerifier } from '../../../functions/adapters/access-token.ts';
import type { AuditEvent } from '../../../functions/core/audit/event.ts';
import type { Row, Statement } from '../../../functions/core/ports.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { defineTool } from '../../../functions/core/tools/define.ts';
import { createRegistry } from '../../../functions/core/tools/registry.ts';
import type { Transact } from '../../../functions/core/tools/write.ts';
import { createWriteFunction, type WriteFunctionPorts } from '../../../functions/mcp-write/write-function.ts';
import { tools } from '../../../functions/tools/index.ts';
import { CATALOGUE, clock, POLICY } from './fixture/stack.ts';
import { AUDIENCE, aSigner, ISSUER, now, signer, token } from './fixture/tokens.ts';

const refund = defineTool({
  name: 'refund',
  title: 'Refund',
  description: 'Refunds.',
  access: 'write',
  approval: 'required',
  scopes: ['orders:refund'],
  input: z.strictObject({}),
  output: z.object({}),
  run: async (_input, { sql }) => {
    await sql`SELECT 1`;
    return {};
  },
});
const registry = createRegistry([...tools, refund], CATALOGUE);

const TICKET = 'T-1';
const event = (changes: Record<string, unknown> = {}) => ({
  token: token({ scope: 'tickets:write' }),
  tool: 'add_ticket_note',
  arguments: { ticketId: TICKET, body: 'Called back.' },
  requestId: 'request-1',
  ...changes,
});

/** The write function over a transaction that remembers, in one list with the audit rows, what happened in which order. */
function aFunction(options: { rows?: Row[]; failAudit?: AuditEvent['phase']; lost?: boolean; claim?: Row } = {}) {
  const happened: string[] = [];
  const audit: AuditEvent[] = [];
  const statements: Statement[] = [];
  const kept: Statement[] = [];
  const logged: unknown[] = [];
  const transact: Transact = async (_caller, work) => {
    happened.push('begin');
    try {
      const value = await work(async (statement) => {
        if (statement.text.includes('claim_request')) {
          happened.push('claim');
          return ok([options.claim ?? { state: 'new', answer: null }]);
        }
        if (statement.text.includes('keep_answer')) {
          happened.push('keep');
          kept.push(statement);
          return ok([{ kept: true }]);
        }
        happened.push('statement');
        statements.push(statement);
        return options.rows
          ? ok(options.rows)
          : refuse({ reason: 'invalid', retry: false, detail: 'x', sqlState: '23505' } as const);
      });
      happened.push('commit');
      if (options.lost) return { end: 'unknown', error: new Error('socket hang up') };
      return { end: 'committed', value };
    } catch (error) {
      happened.push('rollback');
      return { end: 'rolled-back', error };
    }
  };
  const write = (...entry: unknown[]) => void logged.push(entry);
  const run = createWriteFunction({
    registry,
    policy: POLICY,
    verify: createTokenVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: [signer.key], clock }),
    clock,
    transact,
    callKey: async () => Buffer.alloc(32, 7),
    logger: { info: write, warn: write, error: write } as unknown as WriteFunctionPorts['logger'],
    audit: async (row) => {
      if (row.phase === options.failAudit) throw new Error('the table is gone');
      happened.push(row.phase);
      audit.push(row);
      return { hash: 'hash-of-the-row' };
    },
  });
  const context = { awsRequestId: 'invocation-1', getRemainingTimeInMillis: () => 20_000 } as Context;
  return { call: (sent: unknown) => run(sent, context), happened, audit, statements, kept, logged };
}

test('a write records its intent, then acts, then records its outcome, and returns a plain value', async () => {
  const { call, happened, audit, statements } = aFunction({ rows: [{ id: 'n1' }] });
  expect(await call(event())).toEqual({ status: 'done', value: { added: true, noteId: 'n1' } });
  expect(happened).toEqual(['intent', 'begin', 'claim', 'statement', 'keep', 'commit', 'outcome']);
  expect(audit).toMatchObject([
    { phase: 'intent', decision: 'allowed', subject: 'ada', dbRole: 'mcp_writer', requestId: 'request-1' },
    { phase: 'outcome', decision: 'allowed', tool: 'add_ticket_note', rows: 1, durationMs: expect.any(Number) },
  ]);
  expect(statements[0]?.values).toEqual(expect.arrayContaining(['Called back.', 'request-1', TICKET]));
});

test('a call that was made before runs nothing and gives the answer of then', async () => {
  const answer = JSON.stringify({ added: true, noteId: 'n1' });
  const { call, happened, audit } = aFunction({ claim: { state: 'done', answer } });
  expect(await call(event())).toEqual({ status: 'done', value: { added: true, noteId: 'n1' } });
  expect(happened).toEqual(['intent', 'begin', 'claim', 'commit', 'outcome']);
  expect(audit.at(-1)).toMatchObject({ phase: 'outcome', decision: 'allowed', reason: 'answered_before', rows: 0 });
});

test.each([
  ['was used for another call', { state: 'other', answer: null }, 'request_replayed', 'denied'],
  ['was used for a call without an answer', { state: 'done', answer: null }, 'outcome_unknown', 'failed'],
])('a request id that %s is refused, and on record', async (_what, claim, code, decision) => {
  const { call, happened, audit } = aFunction({ claim });
  expect(await call(event())).toEqual({ status: 'failed', code });
  expect(happened).toEqual(['intent', 'begin', 'claim', 'rollback', 'outcome']);
  expect(audit.at(-1)).toMatchObject({ phase: 'outcome', decision, reason: code });
});

test('an answer of 64 KiB is kept; a longer one changes nothing', async () => {
  const around = Buffer.byteLength(JSON.stringify({ added: true, noteId: '' }));
  const fits = aFunction({ rows: [{ id: 'x'.repeat(64 * 1024 - around) }] });
  expect(await fits.call(event())).toMatchObject({ status: 'done' });
  expect(fits.kept[0]?.values).toHaveLength(2);
  const long = aFunction({ rows: [{ id: 'x'.repeat(64 * 1024 - around + 1) }] });
  expect(await long.call(event())).toEqual({ status: 'failed', code: 'result_too_large' });
  expect(long.happened).toEqual(['intent', 'begin', 'claim', 'statement', 'rollback', 'outcome']);
});

test('arguments without a canonical form are no arguments', async () => {
  const { call, happened } = aFunction({ rows: [{ id: 'n1' }] });
  const sent = event({ arguments: { ticketId: TICKET, body: 'x\ud800' } });
  expect(await call(sent)).toEqual({ status: 'failed', code: 'invalid_arguments' });
  expect(happened).toEqual(['call']);
});

test('no intent on record, no statement', async () => {
  const { call, happened } = aFunction({ rows: [], failAudit: 'intent' });
  expect(await call(event())).toEqual({ status: 'failed', code: 'audit_unavailable' });
  expect(happened).toEqual([]);
});

test('an outcome that cannot be recorded is unknown, though it was committed', async () => {
  const { call, happened } = aFunction({ rows: [{ id: 'n1' }], failAudit: 'outcome' });
  expect(await call(event())).toEqual({ status: 'failed', code: 'outcome_unknown' });
  expect(happened).toEqual(['intent', 'begin', 'claim', 'statement', 'keep', 'commit']);
});

test('a commit without an answer is unknown, to the caller and to the log', async () => {
  const { call, audit } = aFunction({ rows: [{ id: 'n1' }], lost: true });
  expect(await call(event())).toEqual({ status: 'failed', code: 'outcome_unknown' });
  expect(audit.at(-1)).toMatchObject({ phase: 'outcome', decision: 'unknown', reason: 'outcome_unknown' });
});

test('a statement that fails rolls everything back and is recorded as failed', async () => {
  const { call, happened, audit } = aFunction();
  expect(await call(event())).toEqual({ status: 'failed', code: 'database_refused' });
  expect(happened).toEqual(['intent', 'begin', 'claim', 'statement', 'rollback', 'outcome']);
  expect(audit.at(-1)).toMatchObject({ phase: 'outcome', decision: 'failed', reason: 'database_refused' });
});

test('a result that its output schema does not allow rolls back', async () => {
  const { call, happened } = aFunction({ rows: [{ id: 7 }] });
  expect(await call(event())).toEqual({ status: 'failed', code: 'tool_failed' });
  expect(happened).toContain('rollback');
});

const claims = { sub: 'ada', client_id: 'c', scope: 'tickets:write', roles: ['editor'] };
test.each([
  ['no token', event({ token: undefined })],
  ['an empty token', event({ token: '' })],
  ['ready-made claims instead of a token', event({ token: undefined, caller: claims })],
  ['claims as the token', event({ token: claims })],
  ['claims beside a token', event({ caller: claims })],
  ['a forged token', event({ token: token({ scope: 'tickets:write' }, {}, aSigner('key-1')) })],
  ['an expired token', event({ token: token({ scope: 'tickets:write', exp: now() - 1 }) })],
  ['a token for somewhere else', event({ token: token({ scope: 'tickets:write', aud: 'https://other.example/mcp' }) })],
  ['a token without the scope', event({ token: token() })],
  ['a role without the scope', event({ token: token({ scope: 'tickets:write', roles: ['reader'] }) })],
  ['no role', event({ token: token({ scope: 'tickets:write', roles: [] }) })],
  ['a tool that reads', event({ tool: 'search_orders', arguments: {} })],
  ['a tool that does not exist', event({ tool: 'drop_table', arguments: {} })],
  ['a tool named like a property', event({ tool: 'constructor', arguments: {} })],
  ['a tool that nobody approved', event({ tool: 'refund', arguments: {}, token: token({ scope: 'orders:refund' }) })],
  ['arguments that do not fit', event({ arguments: { ticketId: TICKET, body: 'x', tenant: 'south' } })],
  ['no arguments', event({ arguments: undefined })],
  ['no request id', event({ requestId: undefined })],
  ['an API Gateway event', { version: '2.0', rawPath: '/mcp', headers: {}, body: '{}' }],
  ['nothing', undefined],
])('B32 invoked directly with %s: refused, and no statement reaches the database', async (_name, sent) => {
  const { call, happened, logged } = aFunction({ rows: [{ id: 'n1' }] });
  expect(await call(sent)).toMatchObject({ status: 'failed' });
  expect(happened.filter((step) => step !== 'call')).toEqual([]);
  expect(JSON.stringify(logged)).not.toContain('eyJ');
});

test('refusals of a known person are recorded', async () => {
  const { call, audit } = aFunction();
  await call(event({ token: token() }));
  await call(event({ tool: 'search_orders' }));
  await call(event({ arguments: {} }));
  expect(audit).toMatchObject([
    { phase: 'call', decision: 'denied', reason: 'insufficient-scope', tool: 'add_ticket_note' },
    { phase: 'call', decision: 'denied', reason: 'not-a-write-tool', tool: 'search_orders' },
    { phase: 'call', decision: 'invalid', reason: 'arguments', tool: 'add_ticket_note' },
  ]);
});

test('neither the token nor an argument is logged', async () => {
  const { call, logged } = aFunction({ rows: [{ id: 'n1' }] });
  await call(event());
  expect(JSON.stringify(logged)).not.toMatch(/eyJ|Called back/);
  expect(JSON.stringify(logged)).toContain('"operation":"tools/call add_ticket_note"');
});
