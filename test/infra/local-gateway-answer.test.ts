import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpApi, type RunningApi, runApi } from './fixtures-runtime/http-api.ts';

let api: RunningApi;
beforeAll(async () => {
  api = await runApi(
    httpApi({
      'ANY /echo': {},
      'POST /slow': { integration: { TimeoutInMillis: 300 }, function: { Timeout: 29 } },
      'POST /timeout': { function: { Timeout: 1 } },
      'POST /off': { function: { ReservedConcurrentExecutions: 0 } },
    }),
  );
});
afterAll(() => api.close());
beforeEach(() => {
  api.reports.length = 0;
});

/** As the function returns it, and nothing added. */
async function answered(body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'x-answer': 'body' };
  return await fetch(`${api.gateway.url}/echo`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    redirect: 'manual',
  });
}

describe('the answer', () => {
  test('is what the function says: status, headers, a Set-Cookie for each cookie, body', async () => {
    const headers = { 'Content-Type': 'text/css', 'x-number': 7 };
    const response = await answered({ statusCode: 201, headers, cookies: ['a=1; Path=/', 'b=2'], body: 'p{}' });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('text/css');
    expect(response.headers.get('x-number')).toBe('7');
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
    expect(response.headers.get('apigw-requestid')).toBe(api.reports[0]?.requestId);
    expect(await response.text()).toBe('p{}');
  });

  test('may be binary', async () => {
    const body = Buffer.from([0, 255, 128]).toString('base64');
    const response = await answered({ statusCode: 200, isBase64Encoded: true, body });
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from([0, 255, 128]));
  });

  test('may have no body', async () => {
    expect((await answered({ statusCode: 204 })).status).toBe(204);
    const redirect = await answered({ statusCode: 303, headers: { location: 'https://elsewhere.example/' } });
    expect([redirect.status, redirect.headers.get('location')]).toEqual([303, 'https://elsewhere.example/']);
    expect(await redirect.text()).toBe('');
  });

  test('without a status code is the whole value as JSON, and a success', async () => {
    const response = await answered({ code: 401, oops: true });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.json()).toEqual({ code: 401, oops: true });
  });

  test.each([
    ['a status code that is none', { statusCode: 99 }],
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['cookies that are no list', { statusCode: 200, cookies: 'a=1' }],
    ['a header with a line break', { statusCode: 200, headers: { 'x-a': 'b\r\nset-cookie: c=d' } }],
    ['a header name that is none', { statusCode: 200, headers: { 'x a': 'b' } }],
    ['a cookie with a line break', { statusCode: 200, cookies: ['a=1\r\nx: y'] }],
  ])('with %s is an error of the function', async (_, value) => {
    const response = await answered(value);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ message: 'Internal Server Error' });
    expect(api.reports[0]?.problem).toContain('malformed');
  });

  test('of a function that throws says nothing of it to the client', async () => {
    const response = await fetch(`${api.gateway.url}/echo`, { headers: { 'x-answer': 'throw' } });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ message: 'Internal Server Error' });
    expect(api.reports[0]?.problem).toBe('Hand-Function0: Error: a secret detail');
  });

  test.each([
    ['/timeout', 500, 'Internal Server Error', /Sandbox\.Timedout/],
    ['/slow', 503, 'Service Unavailable', /did not answer within 0\.3 s/],
  ])('of a function that takes too long (%s) is a %i', async (path, status, message, problem) => {
    const response = await fetch(api.gateway.url + path, { method: 'POST', headers: { 'x-answer': 'hang' } });
    expect([response.status, await response.json()]).toEqual([status, { message }]);
    expect(api.reports[0]?.problem).toMatch(problem);
  });

  test('of a function that is switched off is a 503', async () => {
    expect((await fetch(`${api.gateway.url}/off`, { method: 'POST' })).status).toBe(503);
  });
});
