import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectRefused, refreshTokenOf } from './support/t-form.ts';
import { startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** Refreshing without grace (`refreshGraceSeconds: 0`): a token is good once, whatever got lost. */
let here: TokenCloud;

beforeAll(async () => {
  here = await startTokenCloud({ settings: { refreshGraceSeconds: 0 } });
});
afterAll(() => here.close());

test('F6 a rotated token that comes again at once ends the family', async () => {
  const { grant, token } = await here.mintFamily();
  const successor = refreshTokenOf(await here.refresh(token));
  expectRefused(await here.refresh(token), 400, 'invalid_grant');
  expect(await here.item(grant)).toMatchObject({ st: { S: 'revoked' }, gen: { N: '1' } });
  expectRefused(await here.refresh(successor), 400, 'invalid_grant');
});

test.each([2, 10])(
  'F6 F7 of %i who refresh one token at once one wins, and the family is dead',
  { timeout: 120_000 },
  async (count) => {
    for (let repetition = 0; repetition < 50; repetition++) {
      const { grant, token } = await here.mintFamily();
      const answers = await Promise.all(Array.from({ length: count }, () => here.refresh(token)));
      const [winner, ...more] = answers.filter(({ status }) => status === 200);
      expect(more).toEqual([]);
      for (const lost of answers) if (lost !== winner) expectRefused(lost, 400, 'invalid_grant');
      expect(await here.item(grant)).toMatchObject({ st: { S: 'revoked' }, gen: { N: '1' } });
      if (winner === undefined) throw new Error('nobody got a token');
      expectRefused(await here.refresh(refreshTokenOf(winner)), 400, 'invalid_grant');
    }
  },
);

test('F6 K19 an answer that the table lost is still no reuse', async () => {
  const { grant, token } = await here.mintFamily();
  here.faults.loseAnswer('dynamodb:UpdateItem');
  const successor = refreshTokenOf(await here.refresh(token));
  expect(await here.item(grant)).toMatchObject({ st: { S: 'active' }, gen: { N: '1' } });
  expect((await here.refresh(successor)).status).toBe(200);
});
