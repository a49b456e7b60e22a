import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { type FlowCloud, startFlowCloud } from '../attacks/support/t-flow.ts';
import { post } from '../attacks/support/t-form.ts';
import { emfLines, extracted } from '../support/emf.ts';
import { modernMessage, postMcp } from '../support/mcp-wire.ts';
import { type SignedIn, signedIn } from '../support/signed-in.ts';

/** What a whole stack counts, in the lines that CloudWatch would read: each thing that happens once, where it happens. */
let here: FlowCloud;
let ada: SignedIn;

const CLIENT = { name: 'VS Code', redirectUri: 'http://127.0.0.1:33418/' };

beforeAll(async () => {
  here = await startFlowCloud();
  const scope = 'orders:read tickets:read tickets:write';
  ada = await signedIn(here.cloud.issuer, { as: 'ada', client: CLIENT, scope });
});
afterAll(() => here.close());

/** What was counted while this went on. */
async function countedBy(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const from = here.lines.length;
  await work();
  // A function's lines come through another pipe than its answer.
  await setTimeout(100);
  return extracted(emfLines(here.lines.slice(from)));
}

const call = (name: string, args: Readonly<Record<string, unknown>>, token = ada.accessToken) =>
  postMcp(here.cloud.mcpUrl, modernMessage('tools/call', { name, arguments: args }), token);

const refused = (answer: { readonly message: { readonly result?: Readonly<Record<string, unknown>> } }) =>
  JSON.stringify(answer.message.result?._meta);

describe('the authorization server counts', () => {
  test('a registration, a sign-in once its code is redeemed, a refresh and a revocation, one after the other', async () => {
    let id = '';
    expect(await countedBy(async () => ({ id } = await here.register('Counted')))).toEqual({ ClientRegistered: 1 });
    let login = await here.login(id);
    expect(await countedBy(async () => (login = await here.login(id)))).toEqual({});
    let tokens = '';
    const redeem = async () => ({ refreshToken: tokens } = await here.redeem(login));
    expect(await countedBy(redeem)).toEqual({ SignInCompleted: 1 });
    const refresh = async () => ({ refreshToken: tokens } = await here.refresh(id, tokens));
    expect(await countedBy(refresh)).toEqual({ TokenRefreshed: 1 });
    const revoke = () => post(`${here.cloud.issuer}/revoke`, { client_id: id, token: tokens });
    expect(await countedBy(revoke)).toEqual({ GrantRevoked: 1 });
    expect(await countedBy(revoke)).toEqual({});
  });

  test('what it refuses, by where it refused it', async () => {
    const client = await here.register();
    const { issuer } = here.cloud;
    const bad = { redirect_uris: ['https://evil.example/cb'] };
    const headers = { 'content-type': 'application/json' };
    const register = () => fetch(`${issuer}/register`, { method: 'POST', headers, body: JSON.stringify(bad) });
    expect(await countedBy(register)).toEqual({ RegistrationRefused: 1 });
    expect(await countedBy(() => fetch(here.authorizeUrl('nobody')))).toEqual({ SignInRefused: 1 });
    expect(await countedBy(() => here.login(client.id, 'eve').catch(() => undefined))).toEqual({ SignInRefused: 1 });
    const token = () => post(`${issuer}/token`, { grant_type: 'password', client_id: client.id });
    expect(await countedBy(token)).toEqual({ TokenRefused: 1 });
  });

  test('a used code that comes back, as a refusal, a reuse and the end of a grant', async () => {
    const client = await here.register();
    const login = await here.login(client.id);
    await here.redeem(login);
    const again = () => here.redeem(login).catch(() => undefined);
    expect(await countedBy(again)).toEqual({ TokenRefused: 1, RefreshReuse: 1, GrantRevoked: 1 });
    expect(await countedBy(again)).toEqual({ TokenRefused: 1 });
  });

  test('no sign-in when the row is there and the write after it failed, and one when it was sent again', async () => {
    const login = await here.login((await here.register()).id);
    here.faults.failNext('dynamodb:UpdateItem', new AwsError('ValidationException', 'broken', 400));
    expect(await countedBy(() => here.redeem(login).catch(() => undefined))).toEqual({});
    expect(await countedBy(() => here.redeem(login))).toEqual({ SignInCompleted: 1 });
  });
});

describe('the MCP endpoint counts', () => {
  test('requests without a good token, and no call of theirs', async () => {
    expect(await countedBy(() => call('whoami', {}, 'no.such.token'))).toEqual({ BearerRefused: 1 });
    expect(await countedBy(() => call('whoami', {}, ''))).toEqual({ BearerRefused: 1 });
  });

  test('a call that was let through, with how long it took, whether it reads or writes', async () => {
    const allowed = { ToolCallAllowed: 1, ToolCallDuration: 1 };
    expect(await countedBy(() => call('search_orders', { customer: 'Holm' }))).toEqual(allowed);
    expect(await countedBy(() => call('add_ticket_note', { ticketId: 'T-1001', body: 'seen' }))).toEqual(allowed);
  });

  test('a call that scope or role forbids as denied, and one that fits no tool as neither', async () => {
    const bob = await signedIn(here.cloud.issuer, { as: 'bob', client: CLIENT, scope: 'orders:read' });
    const write = { ticketId: 'T-1001', body: 'x' };
    expect(await countedBy(() => call('read_ticket', { ticketId: 'T-1001' }, bob.accessToken))).toEqual({
      ToolCallDenied: 1,
    });
    expect(await countedBy(() => call('add_ticket_note', write, bob.accessToken))).toEqual({ ToolCallDenied: 1 });
    expect(await countedBy(() => call('search_orders', { limit: 'many' }))).toEqual({});
    expect(await countedBy(() => call('no_such_tool', {}))).toEqual({});
    expect(await countedBy(() => postMcp(here.cloud.mcpUrl, modernMessage('tools/list'), ada.accessToken))).toEqual({});
  });

  const failed = { ToolCallAllowed: 1, ToolCallFailed: 1, ToolCallDuration: 1 };

  test.each(['search_orders', 'add_ticket_note'])(
    'a database that is waking up, also where %s needs it',
    async (tool) => {
      here.faults.failNext('rds-data:BeginTransaction', new AwsError('DatabaseResumingException', 'resuming', 400));
      const args = tool === 'search_orders' ? {} : { ticketId: 'T-1001', body: 'waking' };
      let told = '';
      const counted = await countedBy(async () => {
        told = refused(await call(tool, args));
      });
      expect(told).toContain('database_resuming');
      expect(counted).toEqual({ ...failed, DatabaseWaking: 1 });
    },
  );

  test.each([
    ['of a read', 'search_orders', 'audit_unavailable'],
    ['of a write', 'add_ticket_note', 'audit_unavailable'],
  ])('a row %s that could not be written, once, and the call as failed', async (_, tool, code) => {
    here.faults.failNext('dynamodb:ExecuteStatement', new AwsError('AccessDeniedException', 'no', 400));
    const args = tool === 'search_orders' ? {} : { ticketId: 'T-1001', body: 'unrecorded' };
    let told = '';
    const counted = await countedBy(async () => {
      told = refused(await call(tool, args));
    });
    expect(told).toContain(code);
    expect(counted).toEqual({ ...failed, AuditUnavailable: 1 });
  });
});

test('each line has the one namespace and the one dimension, the values it names, and nothing else', () => {
  const lines = emfLines(here.lines);
  expect(lines.length).toBeGreaterThan(15);
  for (const line of lines) {
    const { _aws, service, ...values } = line;
    const [directive, ...more] = _aws.CloudWatchMetrics;
    expect(more).toEqual([]);
    expect(directive).toMatchObject({ Namespace: 'Gatehouse', Dimensions: [['service']] });
    expect(service).toBe('gatehouse-dev');
    const names = directive?.Metrics.map(({ Name }) => Name) ?? [];
    expect(names.length).toBeGreaterThan(0);
    expect(Object.keys(values).sort()).toEqual([...names].sort());
    for (const value of Object.values(values).flat()) expect(value).toEqual(expect.any(Number));
    expect(Math.abs(Date.now() - _aws.Timestamp)).toBeLessThan(600_000);
  }
});
