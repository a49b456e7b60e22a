import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { aClient } from '../support/builders.ts';
import { type AssertionKey, anAssertion, anAssertionKey, assertionFields } from './support/c-assertions.ts';
import { nowSeconds, startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** K14: the assertions that must be accepted, each of them once. */
const ec = anAssertionKey('ES256', 'ec-1');
const rsa = anAssertionKey('RS256', 'rsa-1');
const signer = aClient({ id: 'signer', authentication: 'private_key_jwt', keys: [...ec.keys, ...rsa.keys] });
const twin = aClient({ id: 'twin', authentication: 'private_key_jwt', keys: ec.keys });

let cloud: TokenCloud;
beforeAll(async () => {
  cloud = await startTokenCloud();
  await cloud.enrol(signer);
  await cloud.enrol(twin);
});
afterAll(() => cloud?.close());

const made = (
  key: AssertionKey,
  audience: unknown,
  claims: Readonly<Record<string, unknown>> = {},
  clientId = 'signer',
) => assertionFields(anAssertion(key, { clientId, audience, claims }));
const mine = { clientId: signer.id };

describe('K14 a good assertion', () => {
  test.each<[string, (issuer: string) => { client_assertion: string; client_assertion_type: string }]>([
    ['K14 ES256, for the issuer, five minutes long', (issuer) => made(ec, issuer, { exp: nowSeconds() + 300 })],
    ['K14 RS256, for the token endpoint', (issuer) => made(rsa, `${issuer}/token`)],
    ['K14 for both names of this server', (issuer) => made(ec, [issuer, `${issuer}/token`])],
    ['K14 from a clock half a minute ahead', (issuer) => made(ec, issuer, ahead(25))],
    ['K14 from a clock half a minute behind', (issuer) => made(ec, issuer, { exp: nowSeconds() - 20 })],
  ])('%s, is accepted', async (_, fields) => {
    const { code } = await cloud.mintCode(mine);
    const redeemed = await cloud.redeem(code, { client_id: 'signer', ...fields(cloud.cloud.issuer) });
    expect(redeemed).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    const next = { client_id: 'signer', ...fields(cloud.cloud.issuer) };
    expect(await cloud.refresh(String(redeemed.body.refresh_token), next)).toMatchObject({ status: 200 });
  });

  test('K14 names its client by itself, as the official MCP client does it', async () => {
    const { code } = await cloud.mintCode(mine);
    const alone = { client_id: undefined, ...made(ec, cloud.cloud.issuer) };
    expect(await cloud.redeem(code, alone)).toMatchObject({ status: 200 });
  });

  test('K14 is accepted once: sent again with a fresh code it is 401, and the code stays unspent', async () => {
    const [first, second] = [await cloud.mintCode(mine), await cloud.mintCode(mine)];
    const fields = { client_id: 'signer', ...made(ec, cloud.cloud.issuer) };
    expect(await cloud.redeem(first.code, fields)).toMatchObject({ status: 200 });
    expect(await cloud.redeem(second.code, fields)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    const fresh = { client_id: 'signer', ...made(ec, cloud.cloud.issuer) };
    expect(await cloud.redeem(second.code, fresh)).toMatchObject({ status: 200 });
  });

  test('K14 sent ten times at once is accepted once', async () => {
    const { token } = await cloud.mintFamily(mine);
    const fields = { client_id: 'signer', ...made(ec, cloud.cloud.issuer) };
    const answers = await Promise.all(Array.from({ length: 10 }, () => cloud.refresh(token, fields)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array(9).fill(401)]);
  });

  test('K14 uses up a jti for its own client only', async () => {
    const [mineOne, twins] = [await cloud.mintCode(mine), await cloud.mintCode({ clientId: twin.id })];
    const jti = `shared-${nowSeconds()}`;
    const fields = { client_id: 'signer', ...made(ec, cloud.cloud.issuer, { jti }) };
    expect(await cloud.redeem(mineOne.code, fields)).toMatchObject({ status: 200 });
    const same = { client_id: 'twin', ...made(ec, cloud.cloud.issuer, { jti }, 'twin') };
    expect(await cloud.redeem(twins.code, same)).toMatchObject({ status: 200 });
  });

  test('K17 K14 is used up by a signing key that does not answer, and a fresh one gets the same code through', async () => {
    const { code } = await cloud.mintCode(mine);
    const fields = { client_id: 'signer', ...made(ec, cloud.cloud.issuer) };
    cloud.faults.failNext('kms:Sign', new AwsError('ThrottlingException', 'slow down', 400), 3);
    const answer = await cloud.redeem(code, fields);
    expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
    expect(await cloud.redeem(code, fields)).toMatchObject({ status: 401 });
    const fresh = { client_id: 'signer', ...made(ec, cloud.cloud.issuer) };
    expect(await cloud.redeem(code, fresh)).toMatchObject({ status: 200 });
  });

  test('K14 whose mark was written and whose answer got lost is no replay', async () => {
    const { code } = await cloud.mintCode(mine);
    cloud.faults.loseAnswer('dynamodb:PutItem');
    const fields = { client_id: 'signer', ...made(ec, cloud.cloud.issuer) };
    expect(await cloud.redeem(code, fields)).toMatchObject({ status: 200 });
  });

  test('K14 is not accepted while the table does not answer, and may be sent again', async () => {
    const { code } = await cloud.mintCode(mine);
    const fields = { client_id: 'signer', ...made(ec, cloud.cloud.issuer) };
    cloud.faults.failNext('dynamodb:PutItem', new AwsError('InternalServerError', 'down', 500), 3);
    expect(await cloud.redeem(code, fields)).toMatchObject({ status: 503 });
    expect(await cloud.redeem(code, fields)).toMatchObject({ status: 200 });
  });
});

function ahead(seconds: number) {
  const now = nowSeconds() + seconds;
  return { iat: now, nbf: now, exp: now + 300 };
}
