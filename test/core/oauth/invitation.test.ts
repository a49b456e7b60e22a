import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { digest } from '../../../functions/core/oauth/digest.ts';
import {
  checkInitialAccessToken,
  drawInitialAccessToken,
  type InitialAccessTokens,
  parseInitialAccessTokenId,
  useInitialAccessToken,
} from '../../../functions/core/oauth/initial-access-token.ts';
import {
  initialAccessTokenItem,
  initialAccessTokenKey,
  readInitialAccessTokenItem,
} from '../../../functions/core/oauth/initial-access-token-item.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { aClientId } from '../../support/builders.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

/** Initial access tokens (RFC 7591 section 3): what lets somebody register a client by invitation. */
const clock = createFakeClock();
const terms = { ceiling: ['orders:read'], expires: clock.seconds() + 60 };
const { token, text } = drawInitialAccessToken((bytes) => randomBytes(bytes), terms);
const check = (presented: string | undefined, found: Awaited<ReturnType<InitialAccessTokens['find']>> = ok(token)) => {
  const asked: string[] = [];
  const find = async (id: string) => {
    asked.push(id);
    return found;
  };
  return checkInitialAccessToken({ clock, tokens: { find } }, presented).then((result) => ({ ...result, asked }));
};
const refused = (fault: string, tokenId: string | undefined = token.id) => ({
  ok: false,
  error: { reason: 'initial-access-refused', fault, tokenId },
});

describe('an invitation', () => {
  test('is an id and 256 random bits, of which only the digest is kept', () => {
    const [id = '', secret = '', ...rest] = text.split('.');
    expect(token).toEqual({ id, secret: digest(secret), ...terms });
    expect([Buffer.from(id, 'base64url').length, Buffer.from(secret, 'base64url').length, rest]).toEqual([16, 32, []]);
    expect(parseInitialAccessTokenId(id)).toBe(id);
  });

  test('is good as often as it is shown, until its last second', async () => {
    for (let i = 0; i < 2; i++) expect(await check(text)).toEqual({ ok: true, value: token, asked: [token.id] });
    const last = { ...token, expires: clock.seconds() + 1 };
    expect(await check(text, ok(last))).toMatchObject({ ok: true });
    expect(await check(text, ok({ ...last, expires: clock.seconds() }))).toMatchObject(refused('expired'));
  });

  test('is missing, and no table is asked', async () => {
    expect(await check(undefined)).toEqual({ ok: false, error: { reason: 'initial-access-missing' }, asked: [] });
  });

  test.each([
    '',
    '.',
    token.id,
    `${text}x`,
    `x${text}`,
    `${text}\n`,
    text.replace('.', '#'),
    text.slice(0, -1),
    text.slice(1),
  ])('is not %j, and no table is asked', async (presented) => {
    expect(await check(presented)).toEqual({
      ok: false,
      error: { reason: 'initial-access-refused', fault: 'malformed', tokenId: undefined },
      asked: [],
    });
  });

  test('is refused when nobody issued it, when its secret is another or its item is not what was written', async () => {
    expect(await check(text, ok(undefined))).toMatchObject(refused('unknown'));
    expect(await check(`${token.id}.${'A'.repeat(43)}`)).toMatchObject(refused('wrong'));
    expect(await check(text, refuse({ reason: 'unreadable' }))).toMatchObject(refused('unreadable'));
  });

  test('is not judged while the table does not answer', async () => {
    const down = refuse({ reason: 'store-unavailable', operation: 'find', detail: 'down' });
    expect(await check(text, down)).toMatchObject(down);
  });

  test.each(['x'.repeat(21), 'x'.repeat(23), `${'x'.repeat(21)}#`, ''])('never has the id %j', (id) => {
    expect(parseInitialAccessTokenId(id)).toBeUndefined();
  });
});

describe('a use of an invitation', () => {
  const use = async (uses: number | undefined, answer: Awaited<ReturnType<InitialAccessTokens['use']>>) => {
    const asked: unknown[] = [];
    const tokens: Pick<InitialAccessTokens, 'use'> = {
      use: async (...mark) => {
        asked.push(mark);
        return answer;
      },
    };
    return { asked, result: await useInitialAccessToken({ clock, tokens }, { ...token, uses }, aClientId('client-a')) };
  };

  test('is not counted where any number may come', async () => {
    expect(await use(undefined, ok('used-up'))).toEqual({ asked: [], result: { ok: true, value: undefined } });
  });

  test('is taken by the client, and refused when there is none left', async () => {
    const asked = [[token.id, 'client-a', clock.seconds()]];
    expect(await use(1, ok('used'))).toEqual({ asked, result: { ok: true, value: undefined } });
    expect(await use(1, ok('used-up'))).toEqual({ asked, result: refused('used-up') });
    expect(await use(0, ok('used-up'))).toEqual({ asked, result: refused('used-up') });
  });

  test('is not given while the table does not answer', async () => {
    const down = refuse({ reason: 'store-unavailable', operation: 'use', detail: 'down' });
    expect((await use(1, down)).result).toEqual(down);
  });
});

describe('the item of an invitation', () => {
  test('is read as it was written, and goes when it expires', () => {
    for (const terms of [
      { ceiling: undefined, uses: 3 },
      { ceiling: ['orders:read', 'tickets:read'], uses: undefined },
    ]) {
      const written = { ...token, ...terms };
      expect(readInitialAccessTokenItem(token.id, initialAccessTokenItem(written))).toEqual({
        ok: true,
        value: written,
      });
    }
    expect(initialAccessTokenItem({ ...token, ceiling: undefined })).toEqual({
      pk: { S: `TOKEN#${token.id}` },
      h: { S: token.secret },
      exp: { N: String(token.expires) },
      ttl: { N: String(token.expires) },
    });
    expect(initialAccessTokenItem({ ...token, uses: 3 })).toMatchObject({
      scope: { L: [{ S: 'orders:read' }] },
      uses: { N: '3' },
    });
    expect(initialAccessTokenKey(token.id)).toBe(`TOKEN#${token.id}`);
  });

  test.each([
    { h: undefined },
    { h: { N: '1' } },
    { exp: undefined },
    { exp: { N: 'x' } },
    { scope: { S: 'a' } },
    { uses: { S: '1' } },
  ])('with %j is not believed', (changes) => {
    const item = { ...initialAccessTokenItem(token), ...changes };
    expect(readInitialAccessTokenItem(token.id, item)).toEqual({ ok: false, error: { reason: 'unreadable' } });
  });
});
