import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { expectRefused, expectUnavailable, type Posted, refreshTokenOf } from './support/t-form.ts';
import { nowSeconds, startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** The signing key and the table fail, and items are not what this server wrote. Nothing is ever spent by that. */
let here: TokenCloud;

beforeAll(async () => {
  here = await startTokenCloud();
});
afterAll(() => here.close());

/** As often as one request tries: the SDK sends three times. */
const ATTEMPTS = 3;
const THROTTLED = ['ThrottlingException', 'Rate exceeded', 400] as const;
const DENIED = ['AccessDeniedException', 'User: arn:aws:sts::1:x is not authorized', 400] as const;
const DOWN = ['InternalServerError', 'Internal server error', 500] as const;
const SLOW_DOWN = ['ProvisionedThroughputExceededException', 'Too fast', 400] as const;

describe('the signing key', () => {
  test.each([
    ['throttles', THROTTLED, ATTEMPTS],
    ['is denied', DENIED, 1],
    ['fails', DOWN, ATTEMPTS],
  ] as const)('K17 that %s spends no code', async (_, [code, message, status], times) => {
    const minted = await here.mintCode();
    const before = await here.item(minted.grant);
    here.faults.failNext('kms:Sign', new AwsError(code, message, status), times);
    expectUnavailable(await here.redeem(minted.code));
    expect(await here.item(minted.grant)).toEqual(before);
    expect((await here.redeem(minted.code)).status).toBe(200);
  });

  test('F18 K17 that fails during a refresh leaves the same refresh token good', async () => {
    const { grant, token } = await here.mintFamily();
    const before = await here.item(grant);
    here.faults.failNext('kms:Sign', new AwsError(...DOWN), ATTEMPTS);
    expectUnavailable(await here.refresh(token));
    expect(await here.item(grant)).toEqual(before);
    expect((await here.refresh(token)).status).toBe(200);
  });

  test('K17 that breaks the connection is asked again, and nobody notices', async () => {
    const { code } = await here.mintCode();
    here.faults.loseAnswer('kms:Sign');
    expect((await here.redeem(code)).status).toBe(200);
  });
});

describe('the table', () => {
  test.each([
    ['dynamodb:BatchGetItem', 'throttles', SLOW_DOWN],
    ['dynamodb:BatchGetItem', 'is denied', DENIED],
    ['dynamodb:UpdateItem', 'throttles', SLOW_DOWN],
    ['dynamodb:UpdateItem', 'fails', DOWN],
  ] as const)('K18 that at %s %s spends neither code nor family', async (operation, _, error) => {
    const times = error === DENIED ? 1 : ATTEMPTS;
    const { code } = await here.mintCode();
    const { token } = await here.mintFamily();
    for (const send of [() => here.redeem(code), () => here.refresh(token)]) {
      here.faults.failNext(operation, new AwsError(error[0], error[1], error[2]), times);
      expectUnavailable(await send());
      expect(here.faults.take(operation)).toBeUndefined();
      expect((await send()).status).toBe(200);
    }
  });

  test('K19 whose answer to a redemption is lost is asked again by the SDK, which is no replay', async () => {
    const { grant, code } = await here.mintCode();
    here.faults.loseAnswer('dynamodb:UpdateItem');
    const answer = await here.redeem(code);
    expect(answer.status).toBe(200);
    expect((await here.item(grant)).st).toEqual({ S: 'active' });
    expect((await here.refresh(refreshTokenOf(answer))).status).toBe(200);
  });

  test('K19 whose answer to a rotation is lost has moved one generation on, and revoked nothing', async () => {
    const { grant, token } = await here.mintFamily();
    here.faults.loseAnswer('dynamodb:UpdateItem');
    const answer = await here.refresh(token);
    expect(answer.status).toBe(200);
    expect(await here.item(grant)).toMatchObject({ st: { S: 'active' }, gen: { N: '1' } });
    expect((await here.refresh(refreshTokenOf(answer))).status).toBe(200);
  });

  test('F19 that rotated, and never said so: the old token gives the successor that was written', async () => {
    const { grant, token } = await here.mintFamily();
    here.faults.loseAnswer('dynamodb:UpdateItem');
    here.faults.failNext('dynamodb:UpdateItem', new AwsError(...DOWN), ATTEMPTS - 1);
    expectUnavailable(await here.refresh(token));
    const [first, second] = [await here.refresh(token), await here.refresh(token)];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(refreshTokenOf(second)).toBe(refreshTokenOf(first));
    expect(await here.item(grant)).toMatchObject({ st: { S: 'active' }, gen: { N: '1' } });
  });

  test('K18 that cannot record a revocation answers 503 to the replay, so that it comes again', async () => {
    const { code } = await here.mintCode();
    const token = refreshTokenOf(await here.redeem(code));
    here.faults.failNext('dynamodb:UpdateItem', new AwsError(...DOWN), ATTEMPTS);
    expectUnavailable(await here.redeem(code));
    expectRefused(await here.redeem(code), 400, 'invalid_grant');
    expectRefused(await here.refresh(token), 400, 'invalid_grant');
  });
});

describe('an item', () => {
  const faults: [string, (item: Awaited<ReturnType<TokenCloud['item']>>) => void][] = [
    ['without a status', (item) => Reflect.deleteProperty(item, 'st')],
    ['of another status', (item) => Object.assign(item, { st: { S: 'spent' } })],
    ['without a client', (item) => Reflect.deleteProperty(item, 'cid')],
    ['whose end is no number', (item) => Object.assign(item, { exp: { S: 'tomorrow' } })],
    ['active and without a family', (item) => Object.assign(item, { st: { S: 'active' } })],
    ['that is another kind of item', (item) => Object.assign(item, { st: { S: 'pending' }, scope: { S: 'x' } })],
  ];
  test.each(faults)('K20 %s gives no token, is left as it is, and is an error in the log', async (_, damage) => {
    const { grant, code } = await here.mintCode();
    const item = { ...(await here.item(grant)) };
    damage(item);
    await here.putItem(item);
    const known = here.lines.length;
    expectRefused(await here.redeem(code), 400, 'invalid_grant');
    expect(await here.item(grant)).toEqual(item);
    const said = here.lines.slice(known).filter((line) => line.includes('a stored item is corrupt'));
    expect(said).toEqual([expect.stringMatching(/"level":"ERROR"/)]);
  });

  test('T10 without a challenge never becomes a token, whatever verifier comes', async () => {
    for (const chal of [undefined, { S: '' }, { S: 'plain-text-challenge' }]) {
      const { grant, code } = await here.mintCode();
      const { chal: _, ...rest } = await here.item(grant);
      await here.putItem(chal === undefined ? rest : { ...rest, chal });
      expectRefused(await here.redeem(code), 400, 'invalid_grant');
      expectRefused(await here.redeem(code, { code_verifier: undefined }), 400, 'invalid_request');
      expect((await here.item(grant)).st).toEqual({ S: 'code' });
    }
  });
});

describe('what a refusal tells', () => {
  const wrongSecret = (code: string) => code.replace(/[^.]+$/, 'A'.repeat(43));
  const unknown = `${'A'.repeat(22)}.${'B'.repeat(43)}.${'C'.repeat(43)}`;

  test('K23 unknown, wrong, expired, revoked, spent and foreign codes are all the same answer', async () => {
    const mint = async (changes = {}) => (await here.mintCode(changes)).code;
    const spent = await mint();
    expect((await here.redeem(spent)).status).toBe(200);
    const told = async (answer: Posted) => {
      expectRefused(answer, 400, 'invalid_grant');
      return `${answer.body.error_description}`;
    };
    const answers = [
      await told(await here.redeem(unknown)),
      await told(await here.redeem('garbage')),
      await told(await here.redeem(wrongSecret(await mint()))),
      await told(await here.redeem(await mint({ codeExpires: nowSeconds() - 1 }))),
      await told(await here.redeem(await mint({ status: 'revoked' }))),
      await told(await here.redeem(spent)),
      await told(await here.redeem(await mint(), { client_id: 'client-b' })),
    ];
    expect(new Set(answers).size).toBe(1);
  });

  test('K24 an unknown id and a known id with a wrong secret take the same time', { timeout: 150_000 }, async () => {
    const known = wrongSecret((await here.mintCode()).code);
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let sample = 0; sample < 1_000; sample++) {
      for (const [which, code] of [
        ['known', known],
        ['unknown', unknown],
      ] as const) {
        const started = performance.now();
        await here.redeem(code);
        times[which].push(performance.now() - started);
      }
    }
    const [one, other] = [quartiles(times.known), quartiles(times.unknown)];
    // The medians differ by less than the times of either scatter: one request tells nothing.
    expect(Math.abs(one.median - other.median)).toBeLessThan(Math.max(one.spread, other.spread, 0.5));
  });

  test('K21 a page on another site may not read the answer, and none may send credentials', async () => {
    const origin = 'https://evil.example';
    const answer = await here.redeem(unknown, {}, { headers: { origin } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    const local = await here.redeem(unknown, {}, { headers: { origin: 'http://localhost:6274' } });
    expect(local.headers.get('access-control-allow-origin')).toBe('http://localhost:6274');
    for (const each of [answer, local]) {
      expect(each.headers.get('access-control-allow-credentials')).toBeNull();
      expect(each.headers.get('vary')).toContain('origin');
    }
  });
});

function quartiles(times: readonly number[]): { readonly median: number; readonly spread: number } {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
  return { median: at(0.5), spread: at(0.75) - at(0.25) };
}
