import { afterAll, beforeAll, expect, test } from 'vitest';
import { exchangeToken } from '../../functions/core/oauth/exchange-token.ts';
import { expectRefused, refreshTokenOf } from './support/t-form.ts';
import { heldBeforeWriting, tokenPortsOf } from './support/t-ports.ts';
import { rewind } from './support/t-rewind.ts';
import { startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** One refresh token, many who present it at once, with the grace that is shipped. */
let here: TokenCloud;
const REPETITIONS = 50;

beforeAll(async () => {
  here = await startTokenCloud();
});
afterAll(() => here.close());

test.each([2, 10])(
  'F7 of %i who refresh one token at once all get its one successor',
  { timeout: 120_000 },
  async (count) => {
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const { grant, token } = await here.mintFamily();
      const answers = await Promise.all(Array.from({ length: count }, () => here.refresh(token)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      const successors = new Set(answers.map(refreshTokenOf));
      expect(successors.size).toBe(1);
      expect(await here.item(grant)).toMatchObject({ st: { S: 'active' }, gen: { N: '1' } });
      for (const successor of successors) expect((await here.refresh(successor)).status).toBe(200);
    }
  },
);

test('F7 one that is held between its checks and its write gets the successor that was written meanwhile', async () => {
  const { grant, token } = await here.mintFamily();
  const held = heldBeforeWriting(tokenPortsOf(here.cloud));
  const slow = exchangeToken(held.ports, formOf(token), undefined);
  await held.reached;
  const successor = refreshTokenOf(await here.refresh(token));
  held.resume();
  expect(await slow).toMatchObject({ ok: true, value: { refreshToken: successor } });
  expect(await here.item(grant)).toMatchObject({ st: { S: 'active' }, gen: { N: '1' } });
});

test('F8 a family that is revoked between the checks and the write of a refresh has no successor', async () => {
  const { grant, token: first } = await here.mintFamily();
  const second = refreshTokenOf(await here.refresh(first));
  const held = heldBeforeWriting(tokenPortsOf(here.cloud));
  const slow = exchangeToken(held.ports, formOf(second), undefined);
  await held.reached;
  await rewind(here, grant, 11);
  expectRefused(await here.refresh(first), 400, 'invalid_grant');
  held.resume();
  expect(await slow).toMatchObject({ ok: false, error: { reason: 'grant-revoked' } });
  expect(await here.item(grant)).toMatchObject({ st: { S: 'revoked' }, gen: { N: '1' } });
  expectRefused(await here.refresh(second), 400, 'invalid_grant');
});

test('V13 revoking beside ten refreshes leaves no refresh token alive', { timeout: 120_000 }, async () => {
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const { grant, token } = await here.mintFamily();
    const refreshes = Array.from({ length: 10 }, () => here.refresh(token));
    const [revoked, ...answers] = await Promise.all([here.revoke({ token }), ...refreshes]);
    expect(revoked?.status).toBe(200);
    const given = answers.filter(({ status }) => status === 200).map(refreshTokenOf);
    for (const each of new Set([token, ...given])) expectRefused(await here.refresh(each), 400, 'invalid_grant');
    expect((await here.item(grant)).st).toEqual({ S: 'revoked' });
  }
});

test('V13 a refresh that is held between its checks and its write while the token is revoked gets nothing', async () => {
  const { token } = await here.mintFamily();
  const held = heldBeforeWriting(tokenPortsOf(here.cloud));
  const slow = exchangeToken(held.ports, formOf(token), undefined);
  await held.reached;
  expect((await here.revoke({ token })).status).toBe(200);
  held.resume();
  expect(await slow).toMatchObject({ ok: false, error: { reason: 'grant-revoked' } });
});

function formOf(token: string): [string, string][] {
  return [
    ['grant_type', 'refresh_token'],
    ['client_id', 'client-a'],
    ['refresh_token', token],
  ];
}
