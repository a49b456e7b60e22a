import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createUpstreamIdentityProvider, type UpstreamSettings } from '../../functions/adapters/upstream-idp.ts';
import { createMemberships } from '../../functions/adapters/workos-memberships.ts';
import { CLIENT_ID, type IdentityServer, NONCE, startIdentityServer } from '../support/identity-server.ts';

/** One deadline for everything that the callback asks of others: what is under way when it passes is ended. */
const STATE = 'transaction.secret';
const EXPECTED = { state: STATE, nonce: NONCE, verifier: 'v'.repeat(43) };
const ANSWER = new URLSearchParams({ code: 'upstream-code', state: STATE }).toString();

let server: IdentityServer;
beforeEach(async () => {
  server = await startIdentityServer();
});
afterEach(() => server.close());

function exchange(changes: Partial<UpstreamSettings>) {
  const provider = createUpstreamIdentityProvider({
    kind: 'cognito',
    name: 'Example Login',
    issuer: server.issuer,
    clientId: CLIENT_ID,
    readSecret: async () => 's3cret',
    redirectUri: 'https://mcp.example/callback',
    rolesClaim: 'cognito:groups',
    tenantClaim: 'custom:tenant',
    ...changes,
  });
  return provider.exchange(ANSWER, EXPECTED);
}

const late = {
  error: { reason: 'identity-unavailable', detail: expect.stringMatching(/no answer within \d+ ms/) },
};

// Waits for the caller to hang up: were only the answer given and the request left open, these would not end in time.
describe('silence', { timeout: 3_000 }, () => {
  test.each(['discovery', 'token', 'jwks'] as const)(
    'U17 at %s ends at the deadline, and so does the request',
    async (where) => {
      const ended = server.hang(where);
      expect(await exchange({ deadline: 300 })).toMatchObject(late);
      await ended;
    },
  );

  test('U17 of the membership API ends at the same deadline', async () => {
    const ended = server.hang('memberships');
    server.issue(server.idToken({ 'cognito:groups': undefined }));
    const memberships = createMemberships({ apiUrl: server.issuer, readApiKey: async () => 'key' });
    expect(await exchange({ deadline: 300, memberships })).toMatchObject(late);
    await ended;
  });

  test('U17 of Secrets Manager ends there, too', async () => {
    expect(await exchange({ deadline: 300, readSecret: () => new Promise(() => {}) })).toMatchObject(late);
    expect(server.seen.token).toEqual([]);
  });
});

test('U17 the deadline is for everything together: no step is too slow, all of them are', async () => {
  server.delay(250);
  expect(await exchange({ deadline: 600 })).toMatchObject(late);
  expect([server.seen.discovery, server.seen.token.length]).toEqual([1, 1]);
});

test('a step that fails is told as that, long before the deadline', async () => {
  server.answer((_, response) => response.destroy());
  expect(await exchange({})).toMatchObject({ error: { detail: expect.not.stringMatching(/no answer within/) } });
});
