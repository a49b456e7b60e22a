import { describe, expect, test } from 'vitest';
import {
  anAuthorizationServer,
  bodyOf,
  type Form,
  REDEEM,
  type ServerOptions,
  type Tokens,
} from '../support/authorization-server.ts';
import { aClient } from '../support/builders.ts';

/** How many tokens a client may have, at the endpoint, on a clock that stands still. */
const SMALL: ServerOptions = { limit: { rate: 5, burst: 10 } };
type Server = Awaited<ReturnType<typeof anAuthorizationServer>>;

/** Refreshes until it is told to stop, and gives back the token that was refused. */
async function flood(server: Server): Promise<string> {
  let { refresh_token: token } = await server.tokens();
  for (let each = 0; each < 100; each++) {
    const answer = await server.refresh(token);
    if (answer.status === 429) return token;
    ({ refresh_token: token } = bodyOf<Tokens>(answer));
  }
  throw new Error('a hundred refreshes in one moment, and none was refused');
}

describe('a client that asks for more tokens than it may have', () => {
  test('is told so, and when to come again', async () => {
    const server = await anAuthorizationServer(SMALL);
    const refused = await server.refresh(await flood(server));
    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({ 'retry-after': '2', 'cache-control': 'no-store', pragma: 'no-cache' });
    expect(bodyOf(refused)).toMatchObject({
      error: 'temporarily_unavailable',
      error_description: expect.stringContaining('in 2 s'),
    });
    expect(server.log.notes.at(-1)).toContain('client client-a has used up its tokens per second');
  });

  test('loses nothing: neither signed nor written, and the same refresh token is good in time', async () => {
    const server = await anAuthorizationServer(SMALL);
    const token = await flood(server);
    const before = { stored: JSON.stringify(server.store.contents()), signed: server.signed.count };
    expect((await server.refresh(token)).status).toBe(429);
    expect({ stored: JSON.stringify(server.store.contents()), signed: server.signed.count }).toEqual(before);
    server.clock.advance('1s');
    expect((await server.refresh(token)).status).toBe(429);
    server.clock.advance('1s');
    expect((await server.refresh(token)).status).toBe(200);
  });

  test('may redeem the same code in time', async () => {
    const server = await anAuthorizationServer(SMALL);
    await flood(server);
    const code = await server.code();
    expect((await server.redeem(code)).status).toBe(429);
    server.clock.advance('2s');
    expect((await server.redeem(code)).status).toBe(200);
  });

  test('takes nothing from another', async () => {
    const server = await anAuthorizationServer(SMALL);
    await flood(server);
    const other = { client_id: 'client-b', redirect_uri: 'https://other.example/cb' };
    const { refresh_token: token } = bodyOf<Tokens>(await server.redeem(await server.code('bob', other), other));
    expect((await server.refresh(token, { client_id: 'client-b' })).status).toBe(200);
  });

  test('is still found out when it repeats an old token', async () => {
    const server = await anAuthorizationServer(SMALL);
    const { refresh_token: old } = await server.tokens();
    const { refresh_token: next } = bodyOf<Tokens>(await server.refresh(old));
    await flood(server);
    server.clock.advance('11s');
    await flood(server);
    expect(bodyOf(await server.refresh(old))).toMatchObject({ error: 'invalid_grant' });
    server.clock.advance('1m');
    expect(bodyOf(await server.refresh(next))).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('who only knows a client id takes nothing from it', () => {
  const verifier = 'A'.repeat(43);
  const attempts: readonly (readonly [string, (good: { code: string; token: string }) => Form])[] = [
    ['a code that is none', () => ({ ...REDEEM, code: 'garbage' })],
    ['a code without its verifier', ({ code }) => ({ ...REDEEM, code, code_verifier: verifier })],
    ['a code of another client', ({ code }) => ({ ...REDEEM, code, client_id: 'client-b' })],
    ['a guessed refresh token', ({ token }) => refresh(token.replace(/\.[^.]+\./, `.${verifier}.`))],
    ['a wrong resource', ({ token }) => ({ ...refresh(token), resource: 'https://evil.example' })],
    ['more scope than was granted', ({ token }) => ({ ...refresh(token), scope: 'orders:refund' })],
    ['a client that must sign and did not', ({ token }) => ({ ...refresh(token), client_id: 'signer' })],
  ];
  const refresh = (token: string) => ({ grant_type: 'refresh_token', client_id: 'client-a', refresh_token: token });

  test.each(attempts)('%s', async (_, form) => {
    const operations: string[] = [];
    const pause = async (operation: string) => void operations.push(operation);
    const server = await anAuthorizationServer({ ...SMALL, store: { pause } });
    await server.store.desk.enrol(aClient({ id: 'signer', authentication: 'private_key_jwt' }));
    const code = await server.code();
    const { refresh_token: token } = await server.tokens();
    for (let each = 0; each < 50; each++) {
      expect((await server.token(form({ code, token }))).status).toBeOneOf([400, 401]);
    }
    expect(operations).not.toContain('buckets.take');
    expect((await server.refresh(token)).status).toBe(200);
  });
});

test('K18 a table that does not answer when it comes to paying is 503, and nothing is spent', async () => {
  let down = false;
  const pause = async (operation: string) => {
    if (down && operation === 'buckets.take') throw new Error('ProvisionedThroughputExceededException');
  };
  const server = await anAuthorizationServer({ ...SMALL, store: { pause } });
  let { refresh_token: token } = await server.tokens();
  down = true;
  let answer = await server.refresh(token);
  for (let each = 0; each < 10 && answer.status === 200; each++) {
    ({ refresh_token: token } = bodyOf<Tokens>(answer));
    answer = await server.refresh(token);
  }
  expect([answer.status, answer.headers?.['retry-after']]).toEqual([503, '2']);
  down = false;
  expect((await server.refresh(token)).status).toBe(200);
});
