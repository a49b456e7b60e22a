import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpApi, type RunningApi, runApi } from './fixtures-runtime/http-api.ts';
import { raw } from './fixtures-runtime/raw-http.ts';

let api: RunningApi;
beforeAll(async () => {
  api = await runApi(httpApi({ 'ANY /echo': {}, 'GET /items/{id}': {}, 'GET /files/{path+}': {} }));
});
afterAll(() => api.close());

type Event = {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: string[];
  readonly headers: Record<string, string>;
  readonly queryStringParameters?: Record<string, string>;
  readonly pathParameters?: Record<string, string>;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly requestContext: Record<string, unknown> & { readonly http: Record<string, unknown> };
};

async function eventOf(path: string, init: RequestInit = {}): Promise<Event> {
  const response = await fetch(api.gateway.url + path, init);
  expect(response.status).toBe(200);
  return (await response.json()) as Event;
}

describe('the event', () => {
  test('is payload 2.0', async () => {
    const before = Date.now();
    const event = await eventOf('/echo?a=1&b=two%20words', {
      headers: { 'user-agent': 'a client', cookie: 'x=1; y=2' },
    });
    const { requestContext, headers, ...rest } = event;
    expect(rest).toEqual({
      version: '2.0',
      routeKey: 'ANY /echo',
      rawPath: '/echo',
      rawQueryString: 'a=1&b=two%20words',
      cookies: ['x=1', 'y=2'],
      queryStringParameters: { a: '1', b: 'two words' },
      isBase64Encoded: false,
    });
    expect(headers).toMatchObject({
      host: `localhost:${api.gateway.port}`,
      'user-agent': 'a client',
      'x-forwarded-for': expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
      'x-forwarded-proto': 'http',
    });
    expect(headers).not.toHaveProperty('cookie');
    expect(requestContext).toEqual({
      accountId: '000000000000',
      apiId: expect.stringMatching(/^[\da-f]{10}$/),
      domainName: 'localhost',
      domainPrefix: 'localhost',
      http: {
        method: 'GET',
        path: '/echo',
        protocol: 'HTTP/1.1',
        sourceIp: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
        userAgent: 'a client',
      },
      requestId: expect.stringMatching(/^[\w-]{16}$/),
      routeKey: 'ANY /echo',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      timeEpoch: expect.any(Number),
    });
    expect(requestContext.timeEpoch).toBeGreaterThanOrEqual(before);
  });

  test('joins repeated headers with commas, under lower-case names', async () => {
    const response = await raw(api.gateway.port, {
      host: `localhost:${api.gateway.port}`,
      'X-Twice': ['one', 'two'],
      authorization: ['a', 'b'],
    });
    const { headers } = JSON.parse(response.text) as Event;
    expect(headers['x-twice']).toBe('one,two');
    expect(headers.authorization).toBe('a,b');
  });

  test('shows a repeated query parameter only in rawQueryString', async () => {
    const event = await eventOf('/echo?resource=a&resource=b%2Cc&empty');
    expect(event.rawQueryString).toBe('resource=a&resource=b%2Cc&empty');
    expect(event.queryStringParameters).toEqual({ resource: 'a,b,c', empty: '' });
  });

  test.each([
    ['text/plain', false],
    ['TEXT/HTML; charset=utf-8', false],
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['application/x-www-form-urlencoded', true],
    ['application/problem+json', true],
    ['application/octet-stream', true],
    [undefined, true],
  ])('has a body of type %s as base64: %s', async (type, isBase64Encoded) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    const body = new TextEncoder().encode('code=ä&x=1');
    const event = await eventOf('/echo', { method: 'POST', headers, body });
    expect(event.isBase64Encoded).toBe(isBase64Encoded);
    expect(Buffer.from(event.body ?? '', isBase64Encoded ? 'base64' : 'utf8').toString()).toBe('code=ä&x=1');
  });

  test('has the decoded path, and path parameters where the route has them', async () => {
    expect(await eventOf('/items/a%20b')).toMatchObject({ rawPath: '/items/a b', pathParameters: { id: 'a b' } });
    expect(await eventOf('/files/a/b/c')).toMatchObject({ pathParameters: { path: 'a/b/c' } });
    expect(await eventOf('/%65cho')).toMatchObject({ rawPath: '/echo' });
  });
});
