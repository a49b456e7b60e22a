import { describe, expect, test } from 'vitest';
import {
  ASSERTION_TYPE,
  type AssertionClaims,
  type AssertionPorts,
  claimedClientId,
  verifyAssertion,
} from '../../../functions/core/oauth/client-assertion.ts';
import { authenticated, usesOneMethod } from '../../../functions/core/oauth/client-authentication.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { aClient } from '../../support/builders.ts';

const NOW = 1_000_000;
const ISSUER = 'https://mcp.example';
const KEY = { kty: 'EC', crv: 'P-256', alg: 'ES256', x: 'eA', y: 'eQ' } as const;
const signing = aClient({ authentication: 'private_key_jwt', keys: [KEY] });
const GOOD = { iss: 'client-a', sub: 'client-a', aud: ISSUER, iat: NOW, exp: NOW + 300, jti: 'one' };
const down = refuse({ reason: 'store-unavailable', operation: 'spend', detail: 'down' });

type Spent = Awaited<ReturnType<AssertionPorts['assertions']['spend']>>;

/** What marks identifiers as used, and what opens an assertion to these claims, whatever it is. */
function ports(claims: AssertionClaims | undefined, answer: Spent = ok('spent')) {
  const spent: unknown[] = [];
  const opened: unknown[] = [];
  const assertionPorts: AssertionPorts = {
    issuer: ISSUER,
    assertions: {
      spend: async (...mark) => {
        spent.push(mark);
        return answer;
      },
    },
    openAssertion: async (...asked) => {
      opened.push(asked);
      return claims;
    },
  };
  return { ports: assertionPorts, spent, opened };
}

const sent = { assertion: 'a.b.c', assertionType: ASSERTION_TYPE };
const fault = (name: string) => ({
  ok: false,
  error: { reason: 'assertion-refused', clientId: 'client-a', fault: name },
});

describe('an assertion of a client', () => {
  test('is opened with its keys and no others, holds, and its jti is remembered until it could not be used again', async () => {
    const { ports: given, spent, opened } = ports(GOOD);
    expect(await verifyAssertion(given, signing, sent, NOW)).toEqual({ ok: true, value: signing });
    expect(opened).toEqual([['a.b.c', [KEY]]]);
    expect(spent).toEqual([['client-a', 'one', NOW, NOW + 330]]);
  });

  test.each<[string, AssertionClaims]>([
    ['names the token endpoint', { aud: `${ISSUER}/token` }],
    ['names this server in a list', { aud: [ISSUER] }],
    ['names this server twice', { aud: [ISSUER, `${ISSUER}/token`] }],
    ['ended less than the skew ago', { exp: NOW - 29 }],
    ['lives as long as it may', { exp: NOW + 330 }],
    ['begins as late as it may', { nbf: NOW + 30, iat: NOW + 30 }],
    ['says nothing of when it begins', { iat: undefined }],
    ['has the longest jti', { jti: 'x'.repeat(256) }],
    ['ends at a fraction of a second', { exp: NOW + 10.5 }],
  ])('holds that %s', async (_, changes) => {
    const claims = { ...GOOD, ...changes };
    const { ports: given, spent } = ports(claims);
    expect(await verifyAssertion(given, signing, sent, NOW)).toMatchObject({ ok: true });
    expect(spent).toEqual([['client-a', claims.jti, NOW, Math.ceil(claims.exp) + 30]]);
  });

  test.each<[string, string, AssertionClaims]>([
    ['another issuer', 'issuer', { iss: 'client-b' }],
    ['no issuer', 'issuer', { iss: undefined }],
    ['another subject', 'subject', { sub: 'client-b' }],
    ['no audience', 'audience', { aud: undefined }],
    ['an empty audience', 'audience', { aud: [] }],
    ['another audience', 'audience', { aud: 'https://other.example' }],
    ['another audience beside ours', 'audience', { aud: [ISSUER, 'https://other.example'] }],
    ['an audience that only begins like ours', 'audience', { aud: `${ISSUER}/tokens` }],
    ['no end', 'expired', { exp: undefined }],
    ['an end that is text', 'expired', { exp: String(NOW + 60) }],
    ['an end that never comes', 'expired', { exp: Number.POSITIVE_INFINITY }],
    ['an end before time began', 'expired', { exp: -1 }],
    ['an end that is over', 'expired', { exp: NOW - 30 }],
    ['an end too far away', 'lives-too-long', { exp: NOW + 331 }],
    ['a beginning to come', 'not-yet-valid', { nbf: NOW + 31 }],
    ['an issue to come', 'not-yet-valid', { iat: NOW + 31 }],
    ['a beginning that is text', 'not-yet-valid', { nbf: 'now' }],
    ['a beginning at zero', 'not-yet-valid', { nbf: 0 }],
    ['an issue that is null', 'not-yet-valid', { iat: null }],
    ['no jti', 'jti', { jti: undefined }],
    ['an empty jti', 'jti', { jti: '' }],
    ['a jti that is a number', 'jti', { jti: 7 }],
    ['a jti that is a list of one', 'jti', { jti: ['one'] }],
    ['a jti beyond reason', 'jti', { jti: 'x'.repeat(257) }],
  ])('with %s is refused (%s) and spends nothing', async (_, name, changes) => {
    const { ports: given, spent } = ports({ ...GOOD, ...changes });
    expect(await verifyAssertion(given, signing, sent, NOW)).toEqual(fault(name));
    expect(spent).toEqual([]);
  });

  test('is refused at the first second in which a clock is beyond the skew', async () => {
    for (const [exp, holds] of [
      [0.5, false],
      [NOW - 29.5, true],
    ] as const) {
      const result = await verifyAssertion(ports({ ...GOOD, iat: undefined, exp }).ports, signing, sent, NOW);
      expect(result.ok).toBe(holds);
    }
  });

  test.each([undefined, '', 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'])(
    'of type %s is not opened',
    async (assertionType) => {
      const { ports: given, opened } = ports(GOOD);
      expect(await verifyAssertion(given, signing, { ...sent, assertionType }, NOW)).toEqual(fault('type'));
      expect(opened).toEqual([]);
    },
  );

  test('is not opened where there is no key, and not believed where no key opens it', async () => {
    const { ports: given, opened } = ports(GOOD);
    for (const keys of [undefined, []]) {
      expect(await verifyAssertion(given, aClient({ keys }), sent, NOW)).toEqual(fault('no-keys'));
    }
    expect(opened).toEqual([]);
    expect(await verifyAssertion(ports(undefined).ports, signing, sent, NOW)).toEqual(fault('signature'));
  });

  test('counts once, and not at all while nobody can tell whether it counted', async () => {
    expect(await verifyAssertion(ports(GOOD, ok('replayed')).ports, signing, sent, NOW)).toEqual(fault('replayed'));
    expect(await verifyAssertion(ports(GOOD, down).ports, signing, sent, NOW)).toEqual(down);
  });

  test('has the type of RFC 7523 section 2.2', () => {
    expect(ASSERTION_TYPE).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
  });
});

test('the client that an assertion claims to be from is its subject, when it has one', () => {
  const of = (claims: unknown) => claimedClientId(`x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`);
  expect(of({ sub: 'client-a', iss: 'client-b' })).toBe('client-a');
  for (const claims of [{}, { sub: 7 }, { sub: null }, null, 'sub', 7, ['sub']]) expect(of(claims)).toBeUndefined();
  for (const text of ['', 'x', 'x.x.x', 'x.e30.x']) expect(claimedClientId(text)).toBeUndefined();
});

describe('a client proves itself', () => {
  const nothing = { authorization: undefined, secret: undefined, assertion: undefined, assertionType: undefined };
  const { ports: given } = ports(GOOD);

  test.each([
    ['nothing', {}, true],
    ['a bearer token', { authorization: 'Bearer x' }, true],
    ['a secret', { secret: 's' }, true],
    ['an assertion', { assertion: 'a' }, true],
    ['a secret beside an assertion', { secret: 's', assertion: 'a' }, false],
    ['a secret in the header and the body', { authorization: 'Basic x', secret: 's' }, false],
    ['a header beside an assertion', { authorization: ' basic', assertion: 'a' }, false],
  ])('in one way at a time: %s', (_, credentials, fine) => {
    expect(usesOneMethod({ ...nothing, ...credentials })).toBe(fine);
  });

  test.each(['Basic eDp5', 'basic eDp5', ' BASIC\teDp5', 'Basic', '  basic'])(
    '%j is a secret nobody issued',
    async (authorization) => {
      expect(await authenticated(given, aClient(), { ...nothing, authorization }, NOW)).toEqual({
        ok: false,
        error: { reason: 'secret-unexpected', method: 'basic' },
      });
    },
  );

  test.each([undefined, 'Bearer x', 'Basically', 'x Basic y', 'Digest basic'])(
    '%j is no secret',
    async (authorization) => {
      expect(await authenticated(given, aClient(), { ...nothing, authorization }, NOW)).toMatchObject({ ok: true });
    },
  );

  test('with what its entry says, and never with less', async () => {
    expect(await authenticated(given, aClient(), { ...nothing, secret: 's' }, NOW)).toMatchObject({
      error: { reason: 'secret-unexpected', method: 'body' },
    });
    expect(await authenticated(given, signing, nothing, NOW)).toEqual({
      ok: false,
      error: { reason: 'assertion-missing', clientId: 'client-a' },
    });
    expect(await authenticated(given, signing, { ...nothing, ...sent }, NOW)).toEqual({ ok: true, value: signing });
    expect(await authenticated(given, aClient(), nothing, NOW)).toMatchObject({ ok: true });
  });

  test('and what it signs without need must hold all the same', async () => {
    const free = aClient({ keys: [KEY] });
    const forged = ports(undefined).ports;
    expect(await authenticated(forged, free, { ...nothing, ...sent }, NOW)).toEqual(fault('signature'));
    expect(await authenticated(given, free, { ...nothing, ...sent }, NOW)).toMatchObject({ ok: true });
  });
});
