import { describe, expect, test } from 'vitest';
import { anAuthorizationServer, bodyOf, type Tokens } from '../support/authorization-server.ts';

describe('revoking', () => {
  test('V1 V4 the current token, or the one before it, ends the family', async () => {
    for (const which of ['current', 'previous']) {
      const server = await anAuthorizationServer();
      const { refresh_token: first } = await server.tokens();
      const second = bodyOf<Tokens>(await server.refresh(first)).refresh_token;
      const token = which === 'current' ? second : first;
      const revoked = await server.revoke({ token, client_id: 'client-a' });
      expect([revoked.status, revoked.body]).toEqual([200, '']);
      expect((await server.refresh(second)).status).toBe(400);
    }
  });

  test('V2 V8 garbage, unknown and revoked tokens get the same answer, whatever the hint, and nothing is written', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    await server.revoke({ token, client_id: 'client-a' });
    const before = JSON.stringify(server.store.contents());
    for (const each of [token, 'garbage', `${'A'.repeat(22)}.${'B'.repeat(43)}.${'C'.repeat(43)}`]) {
      const answer = await server.revoke({ token: each, client_id: 'client-a', token_type_hint: 'foo' });
      expect([answer.status, answer.body]).toEqual([200, '']);
    }
    expect(JSON.stringify(server.store.contents())).toBe(before);
  });

  test('V6 an access token cannot be revoked', async () => {
    const server = await anAuthorizationServer();
    const { access_token: token, refresh_token } = await server.tokens();
    const refused = await server.revoke({ token, client_id: 'client-a' });
    expect([refused.status, bodyOf(refused)]).toMatchObject([400, { error: 'unsupported_token_type' }]);
    expect((await server.refresh(refresh_token)).status).toBe(200);
  });

  test.each([
    ['V9 no token', { token: undefined }, 400],
    ['V9 two tokens', { token: ['a', 'b'] }, 400],
    ['V10 no client', { client_id: undefined }, 401],
    ['an unknown client', { client_id: 'nobody' }, 401],
  ])('%s is refused', async (_, changes, status) => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    expect((await server.revoke({ token, client_id: 'client-a', ...changes })).status).toBe(status);
    expect((await server.refresh(token)).status).toBe(200);
  });

  test('another client cannot revoke it', async () => {
    const server = await anAuthorizationServer();
    const { refresh_token: token } = await server.tokens();
    expect((await server.revoke({ token, client_id: 'client-b' })).status).toBe(200);
    expect((await server.refresh(token)).status).toBe(200);
  });
});
