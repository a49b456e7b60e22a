import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Grant } from '../../functions/core/oauth/grant.ts';
import { anAuthorizationServer, bodyOf, RESOURCE, type Tokens } from '../support/authorization-server.ts';

type Server = Awaited<ReturnType<typeof anAuthorizationServer>>;

function theGrant(server: Server): Grant {
  const grant = server.store.contents().find((item): item is Grant => 'codeExpires' in item);
  if (grant === undefined) throw new Error('there is no grant');
  return grant;
}

async function rotate(server: Server, token: string): Promise<string> {
  const response = await server.refresh(token);
  expect(response.status).toBe(200);
  return bodyOf<Tokens>(response).refresh_token;
}

/** Signs in and refreshes often enough that only the absolute end is near. */
async function useFor80Days(server: Server): Promise<string> {
  let { refresh_token: token } = await server.tokens();
  for (let day = 0; day < 80; day += 20) {
    server.clock.advance('20d');
    token = await rotate(server, token);
  }
  return token;
}

describe('refreshing', () => {
  test('F1 F2 F24 fifty rotations: the scope stays, the end stays, the item does not grow', async () => {
    const server = await anAuthorizationServer();
    let { refresh_token: token, scope } = await server.tokens();
    const { family } = theGrant(server);
    token = await rotate(server, token);
    const size = JSON.stringify(theGrant(server)).length;
    for (let i = 1; i < 50; i++) {
      server.clock.advance('1m');
      const answer = bodyOf<Tokens>(await server.refresh(token));
      expect(answer.scope).toBe(scope);
      token = answer.refresh_token;
    }
    const after = theGrant(server);
    expect(after.family?.generation).toBe(50);
    expect(after.family?.absoluteExpires).toBe(family?.absoluteExpires);
    expect(JSON.stringify(after).length - size).toBeLessThanOrEqual(1);
  });

  test('F3 a token used again after the grace period ends the family, the newest token included', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: first } = await server.tokens();
    const second = await rotate(server, first);
    server.clock.advance('11s');
    expect(bodyOf(await server.refresh(first))).toMatchObject({ error: 'invalid_grant' });
    expect(bodyOf(await server.refresh(second))).toMatchObject({ error: 'invalid_grant' });
    expect(server.log.warnings).toHaveLength(1);
  });

  test('an ancestor two generations old is a former holder, even inside the grace period', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: first } = await server.tokens();
    const third = await rotate(server, await rotate(server, first));
    expect((await server.refresh(first)).status).toBe(400);
    expect((await server.refresh(third)).status).toBe(400);
  });

  test('F5 inside the grace period the same successor comes back, with a new access token', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: first } = await server.tokens();
    const one = bodyOf<Tokens>(await server.refresh(first));
    server.clock.advance('9s');
    const other = bodyOf<Tokens>(await server.refresh(first));
    expect(other.refresh_token).toBe(one.refresh_token);
    expect(other.access_token).not.toBe(one.access_token);
    expect(theGrant(server).family?.generation).toBe(1);
    expect((await server.refresh(one.refresh_token)).status).toBe(200);
  });

  test('F6 strict: without a grace period the second use ends the family', async () => {
    const server = await anAuthorizationServer({ refreshGrace: 0 });
    const { refresh_token: first } = await server.tokens();
    const second = await rotate(server, first);
    expect((await server.refresh(first)).status).toBe(400);
    expect((await server.refresh(second)).status).toBe(400);
  });

  test('F10 another client gets nothing, and the family is unharmed', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    expect(bodyOf(await server.refresh(token, { client_id: 'client-b' }))).toMatchObject({ error: 'invalid_grant' });
    expect((await server.refresh(token)).status).toBe(200);
  });

  test('somebody who guesses the id of a grant ends nothing', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    const [id] = token.split('.');
    const guess = `${id}.${'A'.repeat(43)}.${'B'.repeat(43)}`;
    expect(bodyOf(await server.refresh(guess))).toMatchObject({ error: 'invalid_grant' });
    expect((await server.revoke({ token: guess, client_id: 'client-a' })).status).toBe(200);
    expect((await server.refresh(token)).status).toBe(200);
  });

  test('F12 F13 idle for 30 days, or 90 days old in spite of use: refused, and nothing is written', async () => {
    const idle = await anAuthorizationServer();
    const { refresh_token: unused } = await idle.tokens();
    idle.clock.advance('30d');
    const before = JSON.stringify(idle.store.contents());
    expect(bodyOf(await idle.refresh(unused))).toMatchObject({ error: 'invalid_grant' });
    expect(JSON.stringify(idle.store.contents())).toBe(before);

    const used = await anAuthorizationServer();
    const token = await useFor80Days(used);
    used.clock.advance('10d');
    expect(bodyOf(await used.refresh(token))).toMatchObject({ error: 'invalid_grant' });
  });

  test('F22 one second before the end of the family the access token lives for one second', async () => {
    const server = await anAuthorizationServer();
    const token = await useFor80Days(server);
    server.clock.advance('9d');
    server.clock.advance('86399s');
    const last = bodyOf<Tokens>(await server.refresh(token));
    expect(last.expires_in).toBe(1);
    expect(decodeJwt(last.access_token).exp).toBe(theGrant(server).family?.absoluteExpires);
  });

  test('the grace period does not reach beyond the end of the family', async () => {
    const server = await anAuthorizationServer();
    const token = await useFor80Days(server);
    server.clock.advance('9d');
    server.clock.advance('86395s');
    await rotate(server, token);
    const { family } = theGrant(server);
    expect(family?.idleExpires).toBe(family?.absoluteExpires);
    server.clock.advance('4s');
    expect((await server.refresh(token)).status).toBe(200);
    server.clock.advance('1s');
    expect(bodyOf(await server.refresh(token))).toMatchObject({ error: 'invalid_grant' });
  });

  test('nothing is signed for a family that is revoked or has ended', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    await server.store.grants.revoke(theGrant(server).id);
    await server.refresh(token);
    const other = await anAuthorizationServer();
    const { refresh_token: idle } = await other.tokens();
    other.clock.advance('30d');
    await other.refresh(idle);
    expect([server.signed.count, other.signed.count]).toEqual([1, 1]);
  });

  test('K16 a grant that is bound to another resource is not refreshed for this one', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    Object.assign(theGrant(server), { resource: 'https://mcp.example/other' });
    expect(bodyOf(await server.refresh(token))).toMatchObject({ error: 'invalid_target' });
  });

  test('a client that may not refresh any more does not', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    const client = server.store.contents().find(({ id }) => id === 'client-a');
    Object.assign(client ?? {}, { grantTypes: ['authorization_code'] });
    expect(bodyOf(await server.refresh(token))).toMatchObject({ error: 'unauthorized_client' });
  });

  test('F16 less may be asked for, and everything again the next time', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: first, scope } = await server.tokens();
    const narrow = bodyOf<Tokens>(await server.refresh(first, { scope: 'orders:read' }));
    expect(narrow.scope).toBe('orders:read');
    expect(decodeJwt(narrow.access_token)).toMatchObject({ scope: 'orders:read' });
    const full = bodyOf<Tokens>(await server.refresh(narrow.refresh_token, { scope: `${scope} offline_access` }));
    expect(full.scope).toBe(scope);
  });

  test.each([
    ['more than was granted', { scope: 'orders:read orders:refund' }, 'invalid_scope'],
    ['a malformed scope', { scope: 'orders:read "' }, 'invalid_scope'],
    ['another resource', { resource: 'https://evil.example' }, 'invalid_target'],
    ['no refresh token', { refresh_token: undefined }, 'invalid_request'],
  ])('%s is refused and the token still works', async (_, changes, error) => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    expect(bodyOf(await server.refresh(token, changes))).toMatchObject({ error });
    expect((await server.refresh(token, { resource: RESOURCE })).status).toBe(200);
  });

  test('F20 a revoked family is dead', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    await server.store.grants.revoke(theGrant(server).id);
    expect(bodyOf(await server.refresh(token))).toMatchObject({ error: 'invalid_grant' });
  });

  test('a client that registered itself stays as long as it is used, and is written at most once a day', async () => {
    const server = await anAuthorizationServer();
    const redirect_uri = 'http://127.0.0.1:33418/';
    const { client_id } = bodyOf<{ client_id: string }>(await server.register({ redirect_uris: [redirect_uri] }));
    const expires = () => server.store.contents().find((item) => item.id === client_id)?.expires ?? 0;
    expect(expires() - server.clock.seconds()).toBe(86_400);
    const code = await server.code('ada', { client_id, redirect_uri });
    const tokens = bodyOf<Tokens>(await server.redeem(code, { client_id, redirect_uri }));
    expect(expires() - server.clock.seconds()).toBe(90 * 86_400);
    server.clock.advance('23h');
    const before = expires();
    const next = bodyOf<Tokens>(await server.refresh(tokens.refresh_token, { client_id }));
    expect(expires()).toBe(before);
    server.clock.advance('2h');
    await server.refresh(next.refresh_token, { client_id });
    expect(expires() - server.clock.seconds()).toBe(90 * 86_400);
  });
});
