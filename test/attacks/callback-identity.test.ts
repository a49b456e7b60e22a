import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encode, location } from '../support/authorization-server.ts';
import {
  type AuthorizationCloud,
  expectRedirected,
  RECORDED,
  startAuthorizationCloud,
} from './support/q-authorization.ts';
import type { ScriptedProvider } from './support/q-provider.ts';

/**
 * GET /callback with an identity provider that lies: the client hears that the sign-in did not succeed, nothing else,
 * and nobody gets a code. This provider promises `iss` in its answers (RFC 9207).
 */
let cloud: AuthorizationCloud;

beforeAll(async () => {
  cloud = await startAuthorizationCloud([], { authorization_response_iss_parameter_supported: true });
});
afterAll(() => cloud.close());
beforeEach(() => cloud.provider.answer(undefined));

type Token = (provider: ScriptedProvider, nonce: string) => string | Promise<string>;

/** Comes back to a provider that answers with this ID token. */
async function comeBackWith(token: Token, changes: Record<string, string | undefined> = {}) {
  const { id, state, nonce, cookies } = await cloud.agreed();
  cloud.provider.issue(await token(cloud.provider, nonce));
  cloud.forget();
  const parameters = { code: 'upstream', state, iss: cloud.provider.issuer, ...changes };
  return { id, answer: await cloud.callback(encode(parameters), cookies) };
}

async function expectNobody(token: Token, changes?: Record<string, string | undefined>): Promise<string> {
  const before = cloud.logs.length;
  const { id, answer } = await comeBackWith(token, changes);
  const { error_description = '' } = expectRedirected(answer, 'access_denied', { issuer: cloud.issuer });
  // So many of them come here in a minute that the last have no row of their own (functions/core/audit/refusal-counts.ts).
  const counted = cloud.logs.slice(before).some((line) => line.includes('"audit_sign-in":"counted"'));
  expect(cloud.writes()).toEqual(['dynamodb:UpdateItem', ...(counted ? [] : [RECORDED])]);
  expect((await cloud.transaction(id))?.st).toEqual({ S: 'done' });
  return error_description;
}

const seconds = () => Math.floor(Date.now() / 1000);
const us = () => cloud.identityClient.id;

async function publicPem(provider: ScriptedProvider): Promise<string> {
  const { keys } = (await (await fetch(provider.jwksUri)).json()) as { readonly keys: readonly JsonWebKey[] };
  const key = createPublicKey({ key: keys[0] ?? {}, format: 'jwk' });
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

describe('an ID token', () => {
  test('U1 that is right in everything leads to a code', async () => {
    const { answer } = await comeBackWith((provider, nonce) => provider.idToken({ nonce }));
    expect(new URL(location(answer)).searchParams.has('code')).toBe(true);
    expect(cloud.writes()).toEqual(['dynamodb:UpdateItem', 'dynamodb:PutItem', RECORDED]);
  });

  test.each<[string, Token]>([
    ['U12 of another issuer', (p, nonce) => p.idToken({ nonce, iss: 'https://evil.example' })],
    ['U12 of the issuer with a slash', (p, nonce) => p.idToken({ nonce, iss: `${p.issuer}/` })],
    ['U12 for another client', (p, nonce) => p.idToken({ nonce, aud: 'somebody-else' })],
    ['U12 for two others', (p, nonce) => p.idToken({ nonce, aud: ['x', 'y'] })],
    ['U12 for us and another, without azp', (p, nonce) => p.idToken({ nonce, aud: [us(), 'other'] })],
    [
      'U12 for us and another, authorized party the other',
      (p, nonce) => p.idToken({ nonce, aud: [us(), 'x'], azp: 'x' }),
    ],
    ['U12 for nobody', (p, nonce) => p.idToken({ nonce, aud: undefined })],
    ['U12 that expired', (p, nonce) => p.idToken({ nonce, exp: seconds() - 600 })],
    ['U12 that never expires', (p, nonce) => p.idToken({ nonce, exp: undefined })],
    ['U12 that is not valid yet', (p, nonce) => p.idToken({ nonce, nbf: seconds() + 600 })],
    ['U12 with another nonce', (p) => p.idToken({ nonce: 'other' })],
    ['U12 without a nonce', (p) => p.idToken({ nonce: undefined })],
    ['U12 with alg none', (p, nonce) => p.idToken({ nonce }, { alg: 'none' }, () => '')],
    [
      'U12 signed with our secret',
      (p, nonce) => p.idToken({ nonce }, { alg: 'HS256' }, p.symmetric(cloud.identityClient.secret)),
    ],
    [
      'U12 signed with the public key as a secret',
      async (p, nonce) => p.idToken({ nonce }, { alg: 'HS256' }, p.symmetric(await publicPem(p))),
    ],
    ['U12 of an unknown key', (p, nonce) => p.idToken({ nonce }, { kid: 'other' })],
    ['U12 with a bad signature', (p, nonce) => p.idToken({ nonce }, {}, () => 'A'.repeat(342))],
    ['U12 without a signature', (p, nonce) => p.idToken({ nonce }, {}, () => '')],
    ['U13 without sub', (p, nonce) => p.idToken({ nonce, sub: undefined })],
    ['U13 with an empty sub', (p, nonce) => p.idToken({ nonce, sub: '' })],
    ['U13 with a sub of 256', (p, nonce) => p.idToken({ nonce, sub: 'x'.repeat(256) })],
    ['U13 with a number as sub', (p, nonce) => p.idToken({ nonce, sub: 7 })],
    ['U13 with a list as sub', (p, nonce) => p.idToken({ nonce, sub: ['ada'] })],
    ['U13 with a line break in sub', (p, nonce) => p.idToken({ nonce, sub: 'ada\nadmin' })],
  ])('%s is nobody', async (_, token) => {
    expect(await expectNobody(token)).toBe('The sign-in did not succeed.');
  });

  test.each([
    ['no groups', undefined],
    ['an empty list', []],
    ['a group nobody configured', ['stranger']],
    ['a name every object has', ['constructor', '__proto__', 'toString']],
    ['an object', { editor: true }],
    ['a list in a list', [['editor']]],
    ['our group in other letters', ['Editor', 'editor ']],
  ])('U16 of somebody with %s gives no code', async (_, groups) => {
    const description = await expectNobody((p, nonce) => p.idToken({ nonce, 'cognito:groups': groups }));
    expect(description).toBe('This account has no role here. Ask the operator for one.');
  });
});

describe('an answer that another server may have sent', () => {
  test.each([
    ['of another iss', 'https://evil.example'],
    ['of iss with a slash', '/'],
    ['without iss', undefined],
  ])('U11 %s: its code is not redeemed', async (_, iss) => {
    const asked = cloud.provider.seen.token.length;
    const sent = iss === '/' ? `${cloud.provider.issuer}/` : iss;
    await expectNobody((p, nonce) => p.idToken({ nonce }), { iss: sent });
    expect(cloud.provider.seen.token.length).toBe(asked);
  });
});
