import { describe, expect, test } from 'vitest';
import { readTokenRequest } from '../../../functions/core/oauth/token-request.ts';

/** The form of a request to /token: the first check, before any table is read. */
type Form = Readonly<Record<string, string | readonly string[] | undefined>>;
const read = (form: Form, authorization?: string) =>
  readTokenRequest(
    Object.entries(form).flatMap(([name, value]) => [value ?? []].flat().map((each) => [name, each] as const)),
    authorization,
  );
const CODE = { grant_type: 'authorization_code', client_id: 'client-a', code: 'c', code_verifier: 'v' };
const REFRESH = { grant_type: 'refresh_token', client_id: 'client-a', refresh_token: 'r' };
const credentials = { authorization: undefined, secret: undefined, assertion: undefined, assertionType: undefined };

describe('a request for tokens', () => {
  test('by a code is read as it was sent', () => {
    expect(read(CODE)).toEqual({
      ok: true,
      value: {
        grantType: 'authorization_code',
        clientId: 'client-a',
        credentials,
        resources: [],
        scope: undefined,
        code: 'c',
        verifier: 'v',
        redirectUri: undefined,
      },
    });
    const more = { redirect_uri: 'https://a.example/', resource: ['x', 'y'], scope: 's', client_id: undefined };
    expect(read({ ...CODE, ...more })).toMatchObject({
      value: { redirectUri: 'https://a.example/', resources: ['x', 'y'], scope: 's', clientId: undefined },
    });
  });

  test('by a refresh token is read as it was sent', () => {
    expect(read({ ...REFRESH, unheard: ['of', 'it'] })).toEqual({
      ok: true,
      value: {
        grantType: 'refresh_token',
        clientId: 'client-a',
        credentials,
        resources: [],
        scope: undefined,
        refreshToken: 'r',
      },
    });
  });

  test('brings whatever it proves its client with', () => {
    const assertion = { client_assertion: 'a.b.c', client_assertion_type: 't' };
    expect(read({ ...REFRESH, ...assertion })).toMatchObject({
      value: { credentials: { ...credentials, assertion: 'a.b.c', assertionType: 't' } },
    });
    expect(read({ ...CODE, client_secret: 's' })).toMatchObject({
      value: { credentials: { ...credentials, secret: 's' } },
    });
    expect(read(CODE, 'Basic x')).toMatchObject({
      value: { credentials: { ...credentials, authorization: 'Basic x' } },
    });
  });

  test.each<[Form, string]>([
    [{ ...CODE, grant_type: undefined }, 'grant_type'],
    [{ ...CODE, grant_type: '' }, 'grant_type'],
    [{ ...CODE, code: undefined }, 'code'],
    [{ ...CODE, code: '' }, 'code'],
    [{ ...CODE, code_verifier: undefined }, 'code_verifier'],
    [{ ...REFRESH, refresh_token: undefined }, 'refresh_token'],
    [{ ...REFRESH, refresh_token: '' }, 'refresh_token'],
    [{ ...CODE, grant_type: 'refresh_token' }, 'refresh_token'],
    [{ ...REFRESH, grant_type: 'authorization_code' }, 'code'],
  ])('%j lacks a parameter', (form, parameter) => {
    expect(read(form)).toEqual({ ok: false, error: { reason: 'parameter-missing', parameter } });
  });

  test.each([
    'grant_type',
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
    'scope',
    'code',
    'code_verifier',
    'redirect_uri',
    'refresh_token',
  ])('with two of %s is refused, whichever grant it is for', (parameter) => {
    for (const form of [CODE, REFRESH]) {
      expect(read({ ...form, [parameter]: ['x', 'x'] })).toEqual({
        ok: false,
        error: { reason: 'repeated-parameter', parameter },
      });
    }
  });

  test('that proves its client in two ways at once is refused', () => {
    const mixed = { ok: false, error: { reason: 'methods-mixed' } };
    expect(read({ ...CODE, client_secret: 's', client_assertion: 'a.b.c' })).toEqual(mixed);
    expect(read({ ...REFRESH, client_secret: 's' }, 'Basic x')).toEqual(mixed);
  });

  test.each(['password', 'client_credentials', 'Refresh_token', 'implicit'])(
    'by %s is for nothing here',
    (grantType) => {
      expect(read({ ...CODE, ...REFRESH, grant_type: grantType })).toEqual({
        ok: false,
        error: { reason: 'grant-type-unsupported', grantType },
      });
    },
  );

  test('by a grant whose name is a book has its beginning logged', () => {
    expect(read({ ...CODE, grant_type: 'x'.repeat(1_000) })).toMatchObject({ error: { grantType: 'x'.repeat(100) } });
  });
});
