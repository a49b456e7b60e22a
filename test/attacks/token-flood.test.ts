import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aClientId } from '../support/builders.ts';
import { expectRefused, refreshTokenOf } from './support/t-form.ts';
import { startTokenCloud, type TokenCloud } from './support/t-token-cloud.ts';

/** One client asks for tokens without end, and has every right to each of them. */
let here: TokenCloud;

beforeAll(async () => {
  // Slow enough to be met by any machine, and to wait for: ten tokens are there again within five seconds.
  here = await startTokenCloud({ settings: { tokensPerClient: { rate: 2, burst: 10 } } });
});
afterAll(() => here.close());

describe('a flood of good requests', () => {
  test('LIMIT a client that asks for tokens without end is told when to come again, and others go on', async () => {
    const { grant, token: first } = await here.mintFamily();
    const waiting = await here.mintCode();
    let token = first;
    let answer = await here.refresh(token);
    for (let each = 0; each < 200 && answer.status === 200; each++) {
      token = refreshTokenOf(answer);
      answer = await here.refresh(token);
    }
    expectRefused(answer, 429, 'temporarily_unavailable');
    const seconds = Number(answer.headers.get('retry-after'));
    expect(seconds).toBeOneOf([1, 2, 3, 4, 5]);
    const kept = await here.item(grant);

    // Somebody else's client, at the same moment.
    const other = await here.mintFamily({ clientId: aClientId('client-b') });
    expect((await here.refresh(other.token, { client_id: 'client-b' })).status).toBe(200);

    await pause(seconds * 1000);
    // What was refused was not spent, and is good now; so is a code of the same client.
    expect(await here.item(grant)).toEqual(kept);
    expect((await here.refresh(token)).status).toBe(200);
    expect((await here.redeem(waiting.code)).status).toBe(200);
  });

  test('LIMIT the log says which client it was', async () => {
    const said = here.lines.filter((line) => line.includes('too-many-requests'));
    expect(said).toEqual([expect.stringContaining('"client_id":"client-a"')]);
    expect(said[0]).toContain('has used up its tokens per second');
  });
});
