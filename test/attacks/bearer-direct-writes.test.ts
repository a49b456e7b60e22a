import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MintToken, nowSeconds } from '../support/minted-tokens.ts';
import { type McpCloud, startMcpCloud } from './support/m-mcp-cloud.ts';
import { clientOptionsOf, functionNamed, variablesOf } from './support/t-roles.ts';

/**
 * The write function as somebody meets it who has taken over the role of `mcp`: by Lambda's Invoke, past the gate. It
 * must decide everything again from the token, and write nothing for anybody else.
 */
let here: McpCloud;
let before: Awaited<ReturnType<McpCloud['notes']>>;
beforeAll(async () => {
  here = await startMcpCloud();
});
afterAll(() => here?.close());
beforeEach(async () => {
  before = await here.notes();
});

type Event = Readonly<Record<string, unknown>>;

/** Invokes the write function in a role, and gives its answer. */
async function invoke(payload: unknown, role = 'mcp'): Promise<{ outcome: unknown; error: string | undefined }> {
  const lambda = new LambdaClient({ ...clientOptionsOf(here.cloud, role), maxAttempts: 1 });
  const FunctionName = here.cloud.resolver.arn(functionNamed(here.cloud, 'mcp-write'));
  const Payload = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload: Buffer.from(Payload) }));
  lambda.destroy();
  return { outcome: JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8')), error: answer.FunctionError };
}

/** A call that would be carried out, but for the changes; `undefined` leaves a member out. */
async function event(changes: Event = {}, mint: MintToken = here.mint): Promise<Event> {
  const good = {
    token: 'token' in changes ? changes.token : await mint(),
    tool: 'add_ticket_note',
    arguments: { ticketId: 'T-301', body: 'Called back.' },
    requestId: randomUUID(),
  };
  return { ...good, ...changes };
}

test('B32 POSITIVE a good call writes one row in the name of its person, and is on record before and after', async () => {
  const sent = await event();
  const { outcome } = await invoke(sent);
  expect(outcome).toMatchObject({ status: 'done', value: { added: true } });
  expect(await here.notes()).toEqual({ north: before.north + 1, south: before.south });
  expect(await here.recorded(String(sent.requestId))).toMatchObject([
    { f: 'intent', x: 'allowed', k: 'add_ticket_note', c: 'client-a' },
    { f: 'outcome', x: 'allowed', m: 1 },
  ]);
});

describe('an event that is no call', () => {
  const claims = { sub: 'ada', client_id: 'client-a', scope: 'tickets:write', roles: ['editor'], tenant: 'south' };
  test.each<readonly [string, Event]>([
    ['no token', { token: undefined }],
    ['an empty token', { token: '' }],
    ['claims in place of the token', { token: undefined, caller: claims }],
    ['claims as the token', { token: claims }],
    ['claims beside a good token', { caller: claims }],
    ['a tenant beside a good token', { tenant: 'south' }],
    ['an approval beside a good token', { approval: { status: 'approved' } }],
    ['no tool', { tool: undefined }],
    ['a tool that is a list', { tool: ['add_ticket_note'] }],
    ['no arguments', { arguments: undefined }],
    ['no request id', { requestId: undefined }],
    ['a request id with a line break', { requestId: 'a\nb' }],
    ['a request id of a kilobyte', { requestId: 'x'.repeat(1024) }],
  ])('B32 with %s is refused', async (_, changes) => {
    await expectRefused(await event(changes), 'tool_failed', []);
  });

  test.each(['null', '[]', '7', '""', '{}', '{"version":"2.0","rawPath":"/mcp","headers":{},"body":"{}"}'])(
    'B32 %s is refused',
    async (payload) => {
      expect(await invoke(payload)).toEqual({ outcome: { status: 'failed', code: 'tool_failed' }, error: undefined });
      expect(await here.notes()).toEqual(before);
    },
  );
});

describe('a token that is not for this call', () => {
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const forged: MintToken = async (claims, header) => {
    const [head, payload] = (await here.mint(claims, header)).split('.');
    const by = { key: stranger.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${head}.${payload}.${sign('sha256', Buffer.from(`${head}.${payload}`), by).toString('base64url')}`;
  };
  test.each<readonly [string, (mint: MintToken) => Promise<string>]>([
    ['forged', () => forged()],
    ['expired', (mint) => mint({ exp: nowSeconds() - 1 })],
    ['of another audience', (mint) => mint({ aud: 'https://other.example/mcp' })],
    ['of another issuer', (mint) => mint({ iss: 'https://other.example' })],
    ['of another kind', (mint) => mint({}, { typ: 'JWT' })],
    ['of nobody', (mint) => mint({ sub: '' })],
    ['that is garbage', async () => 'garbage'],
  ])('B32 %s is refused, and who it claims to be is not on record', async (_, make) => {
    await expectRefused(await event({ token: await make(here.mint) }), 'token_refused', []);
  });

  test.each<readonly [string, Event, string]>([
    ['without the scope', { scope: 'orders:read tickets:read' }, 'insufficient-scope'],
    ['whose person may not', { roles: ['reader'] }, 'beyond-roles'],
    ['whose person has no role', { roles: [] }, 'beyond-roles'],
  ])('B32 %s is refused, and on record', async (_, claims, reason) => {
    const sent = await event({ token: await here.mint(claims) });
    await expectRefused(sent, 'access_denied', [{ f: 'call', x: 'denied', r: reason, c: 'client-a' }]);
  });

  test('B32 of another person writes in the name of that person, whatever the arguments say, and not over there', async () => {
    const token = await here.mint({ sub: 'dan', tenant: 'south' });
    // T-301 is a ticket of north: to a person of south there is no such ticket.
    const { outcome } = await invoke(await event({ token }));
    expect(outcome).toMatchObject({ status: 'done', value: { added: false, noteId: null } });
    expect(await here.notes()).toEqual(before);
  });
});

describe('a call that is not to be made', () => {
  test.each<readonly [string, Event, string, Event]>([
    [
      'of a tool that reads',
      { tool: 'search_orders', arguments: {} },
      'tool_failed',
      { x: 'denied', r: 'not-a-write-tool' },
    ],
    ['of a tool that does not exist', { tool: 'drop_table' }, 'tool_failed', { x: 'denied', r: 'unknown-tool' }],
    ['of a property of every object', { tool: 'constructor' }, 'tool_failed', { x: 'denied', r: 'unknown-tool' }],
    [
      'with an argument too many',
      { arguments: { ticketId: 'T-301', body: 'x', tenant: 'south' } },
      'invalid_arguments',
      { x: 'invalid', r: 'arguments' },
    ],
    [
      'with a text that is a number',
      { arguments: { ticketId: 'T-301', body: 7 } },
      'invalid_arguments',
      { x: 'invalid', r: 'arguments' },
    ],
    [
      'with SQL for an id',
      { arguments: { ticketId: "' OR true; DROP TABLE app.notes; --".repeat(3), body: 'x' } },
      'invalid_arguments',
      { x: 'invalid', r: 'arguments' },
    ],
  ])('B32 %s is refused, and on record', async (_, changes, code, row) => {
    await expectRefused(await event(changes), code, [{ f: 'call', ...row }]);
  });
});

describe('a call that comes twice', () => {
  test('B32 under the same request id takes effect once, and answers the same', async () => {
    const sent = await event();
    const first = await invoke(sent);
    expect(first.outcome).toMatchObject({ status: 'done', value: { added: true } });
    expect(await invoke(sent)).toEqual(first);
    const answers = await Promise.all([invoke(sent), invoke(sent), invoke(sent)]);
    expect(answers).toEqual([first, first, first]);
    expect(await here.notes()).toEqual({ ...before, north: before.north + 1 });
  });

  test('B32 at once, eight times, takes effect once', async () => {
    const sent = await event();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => invoke(sent)));
    expect(new Set(outcomes.map(({ outcome }) => JSON.stringify(outcome))).size).toBe(1);
    expect(await here.notes()).toEqual({ ...before, north: before.north + 1 });
  });

  test('B32 under the same request id with its arguments in another order is the same call', async () => {
    const sent = await event({ arguments: { ticketId: 'T-301', body: 'Once.' } });
    const first = await invoke(sent);
    expect(await invoke({ ...sent, arguments: { body: 'Once.', ticketId: 'T-301' } })).toEqual(first);
    expect(await here.notes()).toEqual({ ...before, north: before.north + 1 });
  });

  test('B32 under the same request id with other arguments is refused, on record, and writes nothing more', async () => {
    const sent = await event();
    await invoke(sent);
    const other = await invoke({ ...sent, arguments: { ticketId: 'T-302', body: 'Something else.' } });
    expect(other.outcome).toEqual({ status: 'failed', code: 'request_replayed' });
    expect(await here.notes()).toEqual({ ...before, north: before.north + 1 });
    expect(await here.recorded(String(sent.requestId))).toMatchObject([
      { f: 'intent', x: 'allowed' },
      { f: 'outcome', x: 'allowed' },
      { f: 'intent', x: 'allowed' },
      { f: 'outcome', x: 'denied', r: 'request_replayed' },
    ]);
  });

  test('B32 under the request id of a call of another tenant is a call of its own', async () => {
    const sent = await event();
    await invoke(sent);
    const token = await here.mint({ sub: 'dan', tenant: 'south' });
    const { outcome } = await invoke({ ...sent, token, arguments: { ticketId: 'T-310', body: 'South.' } });
    expect(outcome).toMatchObject({ status: 'done', value: { added: true } });
    expect(await here.notes()).toEqual({ north: before.north + 1, south: before.south + 1 });
  });
});

describe('who may invoke it', () => {
  test.each(['well-known', 'register', 'authorize', 'token', 'seal', 'migrate', 'mcp-write'])(
    'B32 %s may not',
    async (role) => {
      await expect(invoke(await event(), role)).rejects.toMatchObject({ name: 'AccessDeniedException' });
      expect(await here.notes()).toEqual(before);
    },
  );

  test('B32 mcp may invoke no other function', async () => {
    const lambda = new LambdaClient(clientOptionsOf(here.cloud, 'mcp'));
    for (const name of ['well-known', 'register', 'authorize', 'token', 'seal', 'migrate', 'mcp']) {
      const FunctionName = here.cloud.resolver.arn(functionNamed(here.cloud, name));
      const attempt = lambda.send(new InvokeCommand({ FunctionName, Payload: Buffer.from('{}') }));
      await expect(attempt).rejects.toMatchObject({ name: 'AccessDeniedException' });
    }
    expect(variablesOf(here.cloud, 'mcp').WRITE_FUNCTION).toBeTruthy();
  });
});

/** Refused with this code, on record with these rows, and nothing was written. */
async function expectRefused(sent: Event, code: string, rows: readonly Event[]): Promise<void> {
  expect(await invoke(sent)).toEqual({ outcome: { status: 'failed', code }, error: undefined });
  expect(await here.notes()).toEqual(before);
  const recorded = await here.recorded(String(sent.requestId));
  expect(recorded).toMatchObject(rows);
  expect(recorded).toHaveLength(rows.length);
  const { token } = sent;
  if (typeof token === 'string' && token.length > 20) expect(here.lines.join('\n')).not.toContain(token);
}
