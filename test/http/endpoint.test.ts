import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { endpoint, type Handle } from '../../functions/http/endpoint.ts';
import { json } from '../../functions/http/respond.ts';

const lambda = { functionName: 'token', getRemainingTimeInMillis: () => 10_000 } as unknown as Context;
const clock = { seconds: () => 1_000, millis: () => 1_000_000 };
let lines: string[];

function call(handle: Handle, body = '') {
  const event = {
    version: '2.0',
    rawPath: '/token',
    rawQueryString: 'secret=in-the-query',
    headers: { authorization: 'Bearer very-secret' },
    body,
    isBase64Encoded: false,
    requestContext: { requestId: 'request-1', http: { method: 'POST' } },
  } as unknown as APIGatewayProxyEventV2;
  const logger = new Logger({ serviceName: 'token' });
  return endpoint({ logger, clock, maxBody: 16 }, handle)(event, lambda);
}

describe('the endpoint', () => {
  beforeEach(() => {
    lines = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
  });
  afterEach(() => vi.restoreAllMocks());

  const requestLines = () => lines.map((line) => JSON.parse(line)).filter(({ message }) => message === 'request');

  test('leaves one line with what the handler said, and none of the secrets it was sent', async () => {
    const answer = await call(async (_, { log }) => {
      log.add({ client_id: 'c1' });
      log.note('ada agreed');
      return json(200, { access_token: 'very-secret' });
    });
    expect(answer.statusCode).toBe(200);
    expect(requestLines()).toEqual([
      expect.objectContaining({
        client_id: 'c1',
        note: 'ada agreed',
        request_id: 'request-1',
        service: 'token',
        status: 200,
      }),
    ]);
    expect(lines.join('')).not.toMatch(/very-secret|in-the-query/);
  });

  test('turns a bug into a 500 that tells a request id and nothing else', async () => {
    const answer = await call(async () => {
      throw new Error('table gatehouse-Grants is missing');
    });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).toContain('request-1');
    expect(answer.body).not.toContain('Grants');
    expect(lines.join('')).toContain('table gatehouse-Grants is missing');
    expect(requestLines()).toHaveLength(1);
  });

  test('refuses a body over the limit before the handler sees it', async () => {
    const handle = vi.fn<Handle>();
    const answer = await call(handle, 'x'.repeat(17));
    expect(answer.statusCode).toBe(413);
    expect(handle).not.toHaveBeenCalled();
    expect(requestLines()).toMatchObject([{ status: 413 }]);
  });

  test.each([
    ['an answer', async () => json(200, {})],
    [
      'a crash',
      async () => {
        throw new Error('bug');
      },
    ],
  ] as [string, Handle][])('puts the security headers on %s', async (_, handle) => {
    expect((await call(handle)).headers).toMatchObject({
      'strict-transport-security': expect.stringContaining('max-age='),
      'x-content-type-options': 'nosniff',
    });
  });
});
