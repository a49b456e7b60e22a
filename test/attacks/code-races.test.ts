import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDynamoDbGrants } from '../../functions/adapters/dynamodb-grants.ts';
import { exchangeToken } from '../../functions/core/oauth/exchange-token.ts';
import { expectRefused, refreshTokenOf } from './support/t-form.ts';
import { heldBeforeWriting, tokenPortsOf } from './support/t-ports.ts';
import { startTokenCloud, type TokenCloud, VERIFIER } from './support/t-token-cloud.ts';

/** One code, many who want it at once. Each race is run fifty times over HTTP, and once with a pause put into it. */
let here: TokenCloud;
const REPETITIONS = 50;

beforeAll(async () => {
  here = await startTokenCloud();
});
afterAll(() => here.close());

test.each([2, 10, 50])(
  'T13 of %i who redeem one code at once one gets a token, and the replay revokes it',
  { timeout: 180_000 },
  async (count) => {
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const { grant, code } = await here.mintCode();
      const answers = await Promise.all(Array.from({ length: count }, () => here.redeem(code)));
      const [winner, ...more] = answers.filter(({ status }) => status === 200);
      expect(more).toEqual([]);
      for (const lost of answers) if (lost !== winner) expectRefused(lost, 400, 'invalid_grant');
      if (winner === undefined) throw new Error('nobody got a token');
      expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
      expectRefused(await here.refresh(refreshTokenOf(winner)), 400, 'invalid_grant');
    }
  },
);

test('T13 one that is held between its checks and its write comes too late', async () => {
  const { grant, code } = await here.mintCode();
  const held = heldBeforeWriting(tokenPortsOf(here.cloud));
  const slow = exchangeToken(held.ports, formOf(code), undefined);
  await held.reached;
  const token = refreshTokenOf(await here.redeem(code));
  held.resume();
  expect(await slow).toMatchObject({ ok: false, error: { reason: 'code-replayed' } });
  expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
  expectRefused(await here.refresh(token), 400, 'invalid_grant');
});

test('T16 redeemed while the grant is revoked: in either order nothing is left alive', {
  timeout: 60_000,
}, async () => {
  const operator = createDynamoDbGrants(here.grantsAs('token'));
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const { grant, code } = await here.mintCode();
    const [redeemed] = await Promise.all([here.redeem(code), operator.revoke(grant.id)]);
    if (redeemed.status === 200) {
      expectRefused(await here.refresh(refreshTokenOf(redeemed)), 400, 'invalid_grant');
    } else {
      expectRefused(redeemed, 400, 'invalid_grant');
    }
    expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
  }
});

test('T16 revoked between the checks and the write: no token', async () => {
  const { grant, code } = await here.mintCode();
  const held = heldBeforeWriting(tokenPortsOf(here.cloud));
  const slow = exchangeToken(held.ports, formOf(code), undefined);
  await held.reached;
  await createDynamoDbGrants(here.grantsAs('token')).revoke(grant.id);
  held.resume();
  expect(await slow).toMatchObject({ ok: false, error: { reason: 'grant-revoked' } });
  expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
});

function formOf(code: string): [string, string][] {
  return [
    ['grant_type', 'authorization_code'],
    ['client_id', 'client-a'],
    ['code_verifier', VERIFIER],
    ['code', code],
  ];
}
