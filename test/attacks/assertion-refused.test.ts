import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Grant } from '../../functions/core/oauth/grant.ts';
import { aClient } from '../support/builders.ts';
import {
  type AssertionParts,
  anAssertion,
  anAssertionKey,
  assertionFields,
  withPublicKeyAsSecret,
} from './support/c-assertions.ts';
import type { Fields } from './support/t-form.ts';
import { nowSeconds, startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** K14: what a client that must sign may send instead of a good assertion, and that nothing is used up by it. */
const key = anAssertionKey('ES256', 'key-1');
const stranger = anAssertionKey('ES256', 'key-1');
const rsa = anAssertionKey('RS256', 'key-1');
const signer = aClient({ id: 'signer', authentication: 'private_key_jwt', keys: key.keys });
const other = aClient({ id: 'other-signer', authentication: 'private_key_jwt', keys: stranger.keys });

let cloud: TokenCloud;
beforeAll(async () => {
  cloud = await startTokenCloud();
  await cloud.enrol(signer);
  await cloud.enrol(other);
});
afterAll(() => cloud?.close());

const mine: Partial<Grant> = { clientId: signer.id };
const made = (parts: Partial<AssertionParts> = {}, by = key) =>
  assertionFields(anAssertion(by, { clientId: 'signer', audience: cloud.cloud.issuer, ...parts }));
const claims = (changes: Readonly<Record<string, unknown>>) => made({ claims: changes });
const unsigned = () => '';

/** 401 for a code and for a refresh token, and both are as good as before. */
async function refused(fields: () => Fields): Promise<void> {
  const { code } = await cloud.mintCode(mine);
  const { token } = await cloud.mintFamily(mine);
  cloud.writes();
  const answers = [
    await cloud.redeem(code, { client_id: 'signer', ...fields() }),
    await cloud.refresh(token, { client_id: 'signer', ...fields() }),
    await cloud.revoke({ client_id: 'signer', token, ...fields() }),
  ];
  expect(answers.map(({ status, body }) => [status, body.error])).toEqual(Array(3).fill([401, 'invalid_client']));
  expect(cloud.writes()).toBe(0);
  const [redeemed, rotated] = [
    await cloud.redeem(code, { client_id: 'signer', ...made() }),
    await cloud.refresh(token, { client_id: 'signer', ...made() }),
  ];
  expect([redeemed.status, rotated.status]).toEqual([200, 200]);
}

describe('K14 an assertion that does not hold is 401, and spends nothing', () => {
  test.each<[string, () => Fields]>([
    ['K14 V12 none at all', () => ({})],
    ['K14 no type', () => ({ client_assertion: made().client_assertion })],
    [
      'K14 the type of SAML',
      () => ({ ...made(), client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }),
    ],
    ['K14 what is no JWT', () => assertionFields('e.y.J')],
    ['K14 alg none, unsigned', () => made({ header: { alg: 'none' }, signer: unsigned })],
    ['K14 alg none, signed', () => made({ header: { alg: 'none' } })],
    ['K14 HS256 with the public key', () => made({ header: { alg: 'HS256' }, signer: withPublicKeyAsSecret(key) })],
    ['K14 an algorithm that is not the key’s', () => made({ header: { alg: 'RS256' } })],
    ['K14 a key of another kind', () => made({}, rsa)],
    ['K14 a key nobody registered, brought along', () => made({ header: { jwk: stranger.jwk } }, stranger)],
    ['K14 another client’s key', () => made({}, stranger)],
    ['K14 another kid', () => made({ header: { kid: 'key-2' } })],
    ['K14 a critical extension', () => made({ header: { crit: ['x'], x: 1 } })],
    ['K14 iss of another', () => claims({ iss: 'other-signer' })],
    ['K14 no iss', () => claims({ iss: undefined })],
    ['K14 sub of another', () => claims({ sub: 'other-signer' })],
    ['K14 no sub', () => claims({ sub: undefined })],
    ['K14 another client’s assertion', () => made({ clientId: 'other-signer' }, stranger)],
    ['K14 aud of another server', () => made({ audience: 'https://other.example' })],
    ['K14 aud with two slashes', () => made({ audience: `${cloud.cloud.issuer}//token` })],
    ['K14 aud with a slash at its end', () => made({ audience: `${cloud.cloud.issuer}/` })],
    ['K14 aud of the resource', () => made({ audience: cloud.cloud.mcpUrl })],
    ['K14 aud for us and somebody else', () => made({ audience: [cloud.cloud.issuer, 'https://other.example'] })],
    ['K14 aud for nobody', () => made({ audience: [] })],
    ['K14 no aud', () => made({ audience: undefined })],
    ['K14 expired', () => claims({ exp: nowSeconds() - 31 })],
    ['K14 no exp', () => claims({ exp: undefined })],
    ['K14 exp as text', () => claims({ exp: String(nowSeconds() + 60) })],
    ['K14 exp too far ahead', () => claims({ exp: nowSeconds() + 340 })],
    ['K14 nbf ahead', () => claims({ nbf: nowSeconds() + 60 })],
    ['K14 no jti', () => claims({ jti: undefined })],
    ['K14 an endless jti', () => claims({ jti: 'x'.repeat(300) })],
  ])('%s', async (_, fields) => {
    await refused(fields);
  });

  test('K14 an assertion from a client that has no key is not ignored', async () => {
    const { code } = await cloud.mintCode();
    const assertion = made({ clientId: 'client-a' });
    expect(await cloud.redeem(code, assertion)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(await cloud.redeem(code)).toMatchObject({ status: 200 });
  });

  test('K14 one way to authenticate, not two', async () => {
    const { code } = await cloud.mintCode(mine);
    const mixed = await cloud.redeem(code, { client_id: 'signer', client_secret: 'x', ...made() });
    expect(mixed).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await cloud.redeem(code, { client_id: 'signer', ...made() })).toMatchObject({ status: 200 });
  });

  test('K14 a signature with one bit changed', async () => {
    await refused(() => {
      const { client_assertion: good } = made();
      const [header, payload, signature = ''] = good.split('.');
      const bytes = Buffer.from(signature, 'base64url');
      bytes.writeUInt8(bytes.readUInt8(5) ^ 1, 5);
      return assertionFields([header, payload, bytes.toString('base64url')].join('.'));
    });
  });
});
