import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toRequest, toResult } from '../../functions/http/event.ts';

/** An event as API Gateway sends it for payload format 2.0; each test says only what it is about. */
function event(over: Partial<APIGatewayProxyEventV2> & { method?: string } = {}): APIGatewayProxyEventV2 {
  const { method = 'GET', ...rest } = over;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/authorize',
    rawQueryString: '',
    headers: {},
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      domainName: 'example.test',
      domainPrefix: 'example',
      http: { method, path: '/authorize', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: 'request-1',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    ...rest,
  };
}

describe('an API Gateway event', () => {
  test('keeps a repeated query parameter, which queryStringParameters would have joined', () => {
    const request = toRequest(
      event({ rawQueryString: 'state=a&state=b&x=%2B+1', queryStringParameters: { state: 'a,b', x: '+ 1' } }),
    );
    expect(request.query).toEqual([
      ['state', 'a'],
      ['state', 'b'],
      ['x', '+ 1'],
    ]);
  });

  test('decodes a base64 body, as every form post arrives', () => {
    const body = Buffer.from('grant_type=refresh_token').toString('base64');
    expect(toRequest(event({ body, isBase64Encoded: true })).body.toString()).toBe('grant_type=refresh_token');
    expect(toRequest(event({ body: '{"é":1}' })).body.toString()).toBe('{"é":1}');
    expect(toRequest(event()).body).toHaveLength(0);
  });

  test('has headers and cookies that no name can trick', () => {
    const request = toRequest(event({ headers: { Origin: 'https://a.test' }, cookies: ['a=1', 'b=2', 'a=3'] }));
    expect(request.headers.origin).toBe('https://a.test');
    expect(request.headers.constructor).toBeUndefined();
    expect(request.cookies).toMatchObject({ a: '1', b: '2' });
    expect(Object.getPrototypeOf(request.headers)).toBeNull();
  });

  test('has the cookies of the header only where there are none beside it', () => {
    const headers = { Cookie: 'a=header; b=2' };
    expect(toRequest(event({ headers })).cookies).toMatchObject({ a: 'header', b: '2' });
    expect(toRequest(event({ headers, cookies: ['a=field'] })).cookies).toEqual(
      expect.not.objectContaining({ b: expect.anything() }),
    );
    expect(toRequest(event({ headers, cookies: [] })).cookies).not.toHaveProperty('a');
  });

  test('carries any bytes through unchanged', () => {
    const property = fc.property(fc.uint8Array(), (bytes) => {
      const body = Buffer.from(bytes).toString('base64');
      expect(toRequest(event({ body, isBase64Encoded: true })).body).toEqual(Buffer.from(bytes));
    });
    fc.assert(property);
  });

  test('is answered with a statusCode and each cookie apart', () => {
    expect(toResult({ status: 303, headers: { location: '/x' }, cookies: ['a=1', 'b=2'] })).toEqual({
      statusCode: 303,
      headers: { location: '/x' },
      cookies: ['a=1', 'b=2'],
      body: '',
      isBase64Encoded: false,
    });
  });
});
