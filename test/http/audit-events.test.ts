import { describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../functions/core/audit/event.ts';
import {
  anAuthorizationServer,
  bodyOf,
  cookiesOf,
  location,
  readConsentPage,
  type ServerOptions,
  type Tokens,
} from '../support/authorization-server.ts';

/** What the authorization server puts on record, and what it does not do when the row fails. */

const CLAUDE = { redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] };
const shown = ({ tool, decision, reason, subject, clientId }: AuditEvent) =>
  [tool, decision, reason ?? '-', subject ?? '-', clientId].join(' ');
const without = (kind: string): ServerOptions => ({
  beforeRow: ({ tool }) => {
    if (tool === `auth:${kind}`) throw new Error('the table is gone');
  },
});
const UNAVAILABLE = 'temporarily_unavailable';

describe('on record', () => {
  test('is a whole sign-in: consent, sign-in, each token, and the end of it', async () => {
    const server = await anAuthorizationServer();
    const first = await server.tokens();
    const second = bodyOf<Tokens>(await server.refresh(first.refresh_token));
    await server.revoke({ client_id: 'client-a', token: second.refresh_token });
    expect(server.rows.map(shown)).toEqual([
      'auth:consent allowed - - client-a',
      'auth:sign-in allowed - ada client-a',
      'auth:token allowed authorization_code ada client-a',
      'auth:token allowed refresh_token ada client-a',
      'auth:revocation allowed asked-by-client ada client-a',
    ]);
    const [consent, signIn, ...rest] = server.rows;
    expect(signIn?.approvalId).toBe(consent?.about);
    for (const { about } of rest) expect(about).toBe(signIn?.about);
    const scopes = new Set(server.rows.map((row) => row.scopes.join(' ')));
    expect([...scopes]).toEqual(['orders:read tickets:read tickets:write']);
    for (const row of server.rows) expect(row).toMatchObject({ phase: 'event', requestId: expect.any(String) });
  });

  test('is a refusal of consent, and of somebody who signed in', async () => {
    const server = await anAuthorizationServer();
    const { form, cookies } = readConsentPage(await server.authorize());
    await server.consent({ ...form, decision: 'deny' }, { cookies });
    await server.signIn('eve');
    await server.signIn('nobody');
    expect(server.rows.map(shown)).toEqual([
      'auth:consent denied - - client-a',
      'auth:consent allowed - - client-a',
      'auth:sign-in denied no-role eve client-a',
      'auth:consent allowed - - client-a',
      'auth:sign-in denied identity-refused - client-a',
    ]);
  });

  test('is a used code and a used refresh token that come back, once for each grant', async () => {
    const server = await anAuthorizationServer();
    const code = await server.code();
    await server.redeem(code);
    const { refresh_token } = await server.tokens();
    await server.refresh(refresh_token);
    server.clock.advance('1m');
    const before = server.rows.length;
    for (let times = 0; times < 3; times++) {
      await server.redeem(code);
      await server.refresh(refresh_token);
    }
    expect(server.rows.slice(before).map(shown)).toEqual([
      'auth:revocation denied code-replayed ada client-a',
      'auth:revocation denied refresh-token-reused ada client-a',
    ]);
  });

  test('is a registration', async () => {
    const server = await anAuthorizationServer();
    const { client_id } = bodyOf<{ client_id: string }>(await server.register(CLAUDE));
    expect(server.rows.map(shown)).toEqual([`auth:registration allowed vetted - ${client_id}`]);
  });

  test('is nothing that a stranger can send as often as they like', async () => {
    const server = await anAuthorizationServer();
    const { form, cookies } = readConsentPage(await server.authorize());
    await server.consent({ ...form, csrf: 'A'.repeat(43), decision: 'approve' }, { cookies });
    await server.callback('state=x&code=y', {});
    await server.token({ grant_type: 'authorization_code', client_id: 'nobody', code: 'x', code_verifier: 'y' });
    await server.refresh('A'.repeat(22));
    await server.revoke({ client_id: 'client-a', token: 'garbage' });
    await server.register({ redirect_uris: ['https://evil.example/cb'] });
    await server.authorize({ client_id: 'nobody' });
    expect(server.rows).toEqual([]);
  });

  test('is no secret: no code, token, cookie, state or form field', async () => {
    const server = await anAuthorizationServer();
    const page = readConsentPage(await server.authorize());
    const approved = await server.consent({ ...page.form, decision: 'approve' }, page);
    const state = new URL(location(approved)).searchParams.get('state') ?? '';
    const back = new URLSearchParams({ code: 'ada', state });
    const cookies = { ...page.cookies, ...cookiesOf(approved) };
    const code = new URL(location(await server.callback(back.toString(), cookies))).searchParams.get('code') ?? '';
    const tokens = bodyOf<Tokens>(await server.redeem(code));
    const rows = JSON.stringify(server.rows);
    const [, stateSecret = ''] = state.split('.');
    const secrets = [
      page.form.csrf,
      stateSecret,
      ...Object.values(cookies),
      ...[code, tokens.refresh_token].flatMap((text) => text.split('.').slice(1)),
      tokens.access_token.split('.')[2] ?? '',
    ];
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20);
      expect(rows).not.toContain(secret);
    }
  });
});

describe('above a rate, counted and no row of its own,', () => {
  test('is a consent that was denied and a sign-in that was refused, and nothing else', async () => {
    const server = await anAuthorizationServer();
    await server.register(CLAUDE);
    const { form, cookies } = readConsentPage(await server.authorize());
    await server.consent({ ...form, decision: 'deny' }, { cookies });
    for (const person of ['eve', 'nobody']) await server.signIn(person);
    const { refresh_token } = await server.tokens();
    await server.refresh(refresh_token);
    server.clock.advance('1m');
    await server.refresh(refresh_token);
    const kinds = (countable: boolean) =>
      new Set(server.rows.filter((row) => row.countable === countable).map((row) => `${row.tool} ${row.decision}`));
    expect([...kinds(true)]).toEqual(['auth:consent denied', 'auth:sign-in denied']);
    expect([...kinds(false)].sort()).toEqual([
      'auth:consent allowed',
      'auth:registration allowed',
      'auth:revocation denied',
      'auth:sign-in allowed',
      'auth:token allowed',
    ]);
  });
});

describe('the row of a revocation that a client asked for', () => {
  test('has their name and costs no read', async () => {
    const read: string[] = [];
    const pause = async (operation: string) => void read.push(operation);
    const server = await anAuthorizationServer({ store: { pause } });
    const { refresh_token } = await server.tokens();
    read.length = 0;
    const answer = await server.revoke({ client_id: 'client-a', token: refresh_token });
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect([...new Set(read)]).toEqual(['registry.find', 'grants.revokeHeld']);
    expect(shown(server.rows.at(-1) as AuditEvent)).toBe('auth:revocation allowed asked-by-client ada client-a');
  });

  test('costs no read, and leaves no row, where the token is not of the grant', async () => {
    const read: string[] = [];
    const pause = async (operation: string) => void read.push(operation);
    const server = await anAuthorizationServer({ store: { pause } });
    const { refresh_token } = await server.tokens();
    const [id = '', , last = ''] = refresh_token.split('.');
    read.length = 0;
    const rows = server.rows.length;
    const answer = await server.revoke({ client_id: 'client-a', token: [id, 'A'.repeat(43), last].join('.') });
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect(read).not.toContain('grants.find');
    expect(server.rows).toHaveLength(rows);
  });
});

describe('without its row', () => {
  test('nobody is registered', async () => {
    const server = await anAuthorizationServer(without('registration'));
    const before = server.store.contents().length;
    const answer = await server.register(CLAUDE);
    expect([answer.status, bodyOf<{ error: string }>(answer).error]).toEqual([503, UNAVAILABLE]);
    expect(server.store.contents().length).toBe(before);
  });

  test.each(['approve', 'deny'])('a consent page that was answered with %s leads nowhere', async (decision) => {
    const server = await anAuthorizationServer(without('consent'));
    const { form, cookies } = readConsentPage(await server.authorize());
    const answer = await server.consent({ ...form, decision }, { cookies });
    expect(answer.status).toBe(503);
    expect(answer.headers).not.toHaveProperty('location');
    expect(answer.cookies ?? []).toEqual([]);
  });

  test('nobody gets a code, or is told why they get none', async () => {
    const server = await anAuthorizationServer(without('sign-in'));
    for (const person of ['ada', 'eve']) {
      const query = new URL(location(await server.signIn(person))).searchParams;
      expect([query.get('code'), query.get('error')]).toEqual([null, UNAVAILABLE]);
    }
  });

  test('no token is issued, and the code and the refresh token are as good as before', async () => {
    let broken = false;
    const server = await anAuthorizationServer({
      beforeRow: ({ tool }) => {
        if (broken && tool === 'auth:token') throw new Error('the table is gone');
      },
    });
    const again = async (send: () => ReturnType<typeof server.redeem>): Promise<Tokens> => {
      broken = true;
      const refused = await send();
      expect([refused.status, bodyOf<{ error: string }>(refused).error]).toEqual([503, UNAVAILABLE]);
      expect(refused.body).not.toContain('access_token');
      server.clock.advance('30s');
      broken = false;
      const issued = await send();
      expect(issued.status).toBe(200);
      return bodyOf<Tokens>(issued);
    };
    const code = await server.code();
    const first = await again(() => server.redeem(code));
    const second = await again(() => server.refresh(first.refresh_token));
    expect((await server.refresh(second.refresh_token)).status).toBe(200);
  });

  test('a grant is revoked all the same, the caller comes again, and the log says which it was', async () => {
    const server = await anAuthorizationServer(without('revocation'));
    const { refresh_token } = await server.tokens();
    const rotated = bodyOf<Tokens>(await server.refresh(refresh_token));
    server.clock.advance('1m');
    expect((await server.refresh(refresh_token)).status).toBe(503);
    expect(bodyOf<{ error: string }>(await server.refresh(rotated.refresh_token)).error).toBe('invalid_grant');

    const other = await server.tokens();
    expect((await server.revoke({ client_id: 'client-a', token: other.refresh_token })).status).toBe(503);
    expect(bodyOf<{ error: string }>(await server.refresh(other.refresh_token)).error).toBe('invalid_grant');
    const told = server.log.text();
    expect(told).toContain('the audit row could not be written');
    expect(told).toContain(other.refresh_token.split('.')[0]);
  });
});
