import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digest } from '../../functions/core/oauth/digest.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { aClient, aClientId } from '../support/builders.ts';
import { accessTokenOf, expectRefused, expectUnavailable, refreshTokenOf } from './support/t-form.ts';
import { rewind } from './support/t-rewind.ts';
import { nowSeconds, startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** Refreshing, with the grace of ten seconds that is shipped. */
let here: TokenCloud;

beforeAll(async () => {
  here = await startTokenCloud();
});
afterAll(() => here.close());

describe('rotation', () => {
  test('F1 POSITIVE gives a new pair with the same scope, and costs one write', async () => {
    const { grant, token } = await here.mintFamily();
    here.writes();
    const answer = await here.refresh(token);
    expect(answer.status).toBe(200);
    expect(here.writes()).toBe(1);
    expect(answer.body).toMatchObject({ token_type: 'Bearer', scope: 'orders:read tickets:read' });
    expect(refreshTokenOf(answer)).not.toBe(token);
    expect(await here.item(grant)).toMatchObject({ st: { S: 'active' }, gen: { N: '1' } });
  });

  test('F2 POSITIVE goes on for fifty generations, and never past the absolute end', async () => {
    const { grant, token } = await here.mintFamily();
    const { abs } = await here.item(grant);
    let current = token;
    for (let generation = 0; generation < 50; generation++) current = refreshTokenOf(await here.refresh(current));
    expect(await here.item(grant)).toMatchObject({ gen: { N: '50' }, abs });
  });

  test('F24 leaves the item as large after a thousand as after two', { timeout: 120_000 }, async () => {
    const { grant, token } = await here.mintFamily();
    const sizeOf = async () => {
      const { gen: _, ...item } = await here.item(grant);
      return JSON.stringify(item).length;
    };
    let current = refreshTokenOf(await here.refresh(refreshTokenOf(await here.refresh(token))));
    const size = await sizeOf();
    for (let generation = 2; generation < 1_000; generation++) current = refreshTokenOf(await here.refresh(current));
    expect((await here.item(grant)).gen).toEqual({ N: '1000' });
    expect(await sizeOf()).toBe(size);
    // And the very first ancestor is still recognised as one.
    expectRefused(await here.refresh(token), 400, 'invalid_grant');
    expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
  });

  test('F24 a guessed family secret revokes nothing, however right the rest is', async () => {
    const { token } = await here.mintFamily();
    const [id = '', family = '', rotating = ''] = token.split('.');
    const guess = 'A'.repeat(43);
    for (const forged of [`${id}.${guess}.${rotating}`, `${id}.${rotating}.${family}`, `${id}.${guess}.${guess}`]) {
      expectRefused(await here.refresh(forged), 400, 'invalid_grant');
    }
    expect((await here.refresh(token)).status).toBe(200);
  });
});

describe('a token that comes again', () => {
  test('F3 after the grace ends the family, and the log says so', async () => {
    const { grant, token } = await here.mintFamily();
    const newest = refreshTokenOf(await here.refresh(token));
    await rewind(here, grant, 10);
    const known = here.lines.length;
    expectRefused(await here.refresh(token), 400, 'invalid_grant');
    expect(here.lines.slice(known).join('\n')).toMatch(/"level":"WARN".*its grant is revoked/);
    expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
    expectRefused(await here.refresh(newest), 400, 'invalid_grant');
  });

  test('F5 inside the grace gets the same successor, and no second one', async () => {
    const { grant, token } = await here.mintFamily();
    const first = await here.refresh(token);
    const before = await here.item(grant);
    here.writes();
    const again = await here.refresh(token);
    expect(refreshTokenOf(again)).toBe(refreshTokenOf(first));
    expect(accessTokenOf(again)).not.toBe(accessTokenOf(first));
    expect(here.writes()).toBe(0);
    expect(await here.item(grant)).toEqual(before);
    expect((await here.refresh(refreshTokenOf(again))).status).toBe(200);
  });

  test('F21 after its answer was lost and the grace is over ends the family, and is no 5xx', async () => {
    const { grant, token } = await here.mintFamily();
    here.faults.loseAnswer('dynamodb:UpdateItem');
    here.faults.failNext('dynamodb:UpdateItem', new AwsError('InternalServerError', 'down', 500), 2);
    expectUnavailable(await here.refresh(token));
    await rewind(here, grant, 11);
    expectRefused(await here.refresh(token), 400, 'invalid_grant');
    expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
  });
});

describe('whose token it is', () => {
  test('F10 another client gets nothing for it, and its own loses nothing', async () => {
    const { grant, token } = await here.mintFamily();
    const before = await here.item(grant);
    expectRefused(await here.refresh(token, { client_id: 'client-b' }), 400, 'invalid_grant');
    expect(await here.item(grant)).toEqual(before);
    expect((await here.refresh(token)).status).toBe(200);
  });

  test('F11 a disabled or deleted client is refused before the grant is judged', async () => {
    const client = aClient({ id: 'client-off' });
    await here.enrol(client);
    const disabled = await here.mintFamily({ clientId: client.id });
    expect((await here.refresh(disabled.token, { client_id: client.id })).status).toBe(200);
    const successor = await here.item(disabled.grant);
    await here.disable(client.id);
    expectRefused(await here.refresh(disabled.token, { client_id: client.id }), 401, 'invalid_client');
    expect(await here.item(disabled.grant)).toEqual(successor);

    const orphan = await here.mintFamily({ clientId: aClientId('client-gone') });
    const before = await here.item(orphan.grant);
    expectRefused(await here.refresh(orphan.token, { client_id: 'client-gone' }), 401, 'invalid_client');
    expect(await here.item(orphan.grant)).toEqual(before);
  });

  test('F20 a revoked family stays as it is, and gives nothing', async () => {
    const { grant, token } = await here.mintFamily({ status: 'revoked' });
    const before = await here.item(grant);
    here.writes();
    expectRefused(await here.refresh(token), 400, 'invalid_grant');
    expect(here.writes()).toBe(0);
    expect(await here.item(grant)).toEqual(before);
  });
});

describe('how long a family lives', () => {
  test.each([
    ['F12 idle for 30 days', () => ({ idleExpires: nowSeconds() - 1 })],
    ['F13 90 days old, though just rotated', () => ({ absoluteExpires: nowSeconds() - 1, generation: 7 })],
    ['F22 with nothing left', () => ({ absoluteExpires: nowSeconds() })],
  ])('%s is over while the table still has it', async (_, family) => {
    const { grant, token } = await here.mintFamily({}, family());
    const before = await here.item(grant);
    here.writes();
    expectRefused(await here.refresh(token), 400, 'invalid_grant');
    expect(here.writes()).toBe(0);
    expect(await here.item(grant)).toEqual(before);
  });

  test('F22 with one second left gives a token for that second', async () => {
    // At the beginning of a second, so that the whole of it is left.
    await new Promise((resolve) => setTimeout(resolve, 1_005 - (Date.now() % 1_000)));
    const absoluteExpires = nowSeconds() + 1;
    const { token } = await here.mintFamily({}, { absoluteExpires, idleExpires: absoluteExpires });
    const answer = await here.refresh(token);
    expect(answer.status).toBe(200);
    expect(answer.body.expires_in).toBe(1);
    expect(decodeJwt(accessTokenOf(answer)).exp).toBe(absoluteExpires);
    await new Promise((resolve) => setTimeout(resolve, 1_005));
    expectRefused(await here.refresh(refreshTokenOf(answer)), 400, 'invalid_grant');
  });
});

describe('what a refresh asks for', () => {
  test('F16 less scope for this token only', async () => {
    const { grant, token } = await here.mintFamily();
    const { scope } = await here.item(grant);
    const narrow = await here.refresh(token, { scope: 'orders:read' });
    expect(narrow.body.scope).toBe('orders:read');
    expect(decodeJwt(accessTokenOf(narrow)).scope).toBe('orders:read');
    expect((await here.item(grant)).scope).toEqual(scope);
    const full = await here.refresh(refreshTokenOf(narrow));
    expect(full.body.scope).toBe('orders:read tickets:read');
  });

  test('F16 more scope than was granted is refused, and the token stays good', async () => {
    const { token } = await here.mintFamily();
    for (const scope of ['orders:read tickets:write', 'orders:refund', 'orders:read "']) {
      expectRefused(await here.refresh(token, { scope }), 400, 'invalid_scope');
    }
    expect((await here.refresh(token)).status).toBe(200);
  });

  test('F23 proof of possession is not offered: a DPoP header changes nothing, and metadata has none', async () => {
    const { token } = await here.mintFamily();
    const answer = await here.refresh(token, {}, { headers: { dpop: 'eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.x' } });
    expect(answer.status).toBe(200);
    expect(answer.body.token_type).toBe('Bearer');
    expect(decodeJwt(accessTokenOf(answer))).not.toHaveProperty('cnf');
    const metadata = await fetch(`${here.cloud.issuer}/.well-known/oauth-authorization-server`);
    expect(await metadata.text()).not.toContain('dpop');
  });

  test('T20 the table holds digests only, and the successor sealed', async () => {
    const { grant, token } = await here.mintFamily();
    const successor = refreshTokenOf(await here.refresh(token));
    const stored = JSON.stringify(await here.item(grant));
    const secrets = [...token.split('.').slice(1), ...successor.split('.').slice(1)];
    for (const secret of secrets) expect(stored).not.toContain(secret);
    for (const secret of secrets) expect(stored).toContain(digest(secret));
  });
});
