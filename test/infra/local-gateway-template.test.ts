import { afterEach, describe, expect, test } from 'vitest';
import { byPrecedence, matchRoute, parseRouteKey, refuseDuplicates } from '../../infra/local/gateway/routes.ts';
import { createThrottle } from '../../infra/local/gateway/throttle.ts';
import type { JsonObject } from '../../infra/local/template/json.ts';
import { getAtt, join, ref, type Template } from './fixtures-runtime/assembly.ts';
import { httpApi, type RouteOptions, type RunningApi, runApi } from './fixtures-runtime/http-api.ts';

const running: RunningApi[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((api) => api.close()));
});

async function run(template: Template): Promise<RunningApi> {
  const api = await runApi(template);
  running.push(api);
  return api;
}

describe('the route of a request', () => {
  const keys = [
    '$default',
    'ANY /{proxy+}',
    'GET /pets/{proxy+}',
    'GET /pets/dog/{id}',
    'GET /pets/dog/1',
    'ANY /pets/dog/1',
    'ANY /pets/{kind}/1',
    'POST /{proxy+}',
  ];
  const routes = keys
    .map((key) => ({ pattern: parseRouteKey(key) }))
    .sort((a, b) => byPrecedence(a.pattern, b.pattern));

  test.each([
    ['GET', '/pets/dog/1', 'GET /pets/dog/1'],
    ['POST', '/pets/dog/1', 'ANY /pets/dog/1'],
    ['GET', '/pets/dog/2', 'GET /pets/dog/{id}'],
    ['GET', '/pets/cat/1', 'ANY /pets/{kind}/1'],
    ['GET', '/pets/cat/2', 'GET /pets/{proxy+}'],
    ['PUT', '/test/5', 'ANY /{proxy+}'],
    ['POST', '/test/5', 'POST /{proxy+}'],
    ['GET', '/pets', 'ANY /{proxy+}'],
    ['GET', '/', '$default'],
  ])('%s %s is %s: the most specific, in whatever order the template has them', (method, path, key) => {
    expect(matchRoute(routes, method, path)?.route.pattern.key).toBe(key);
    expect(
      matchRoute(
        [...routes].reverse().sort((a, b) => byPrecedence(a.pattern, b.pattern)),
        method,
        path,
      )?.route.pattern.key,
    ).toBe(key);
  });

  test('is none where a path differs in a letter, a slash or its case', () => {
    const only = [{ pattern: parseRouteKey('POST /mcp') }];
    for (const path of ['/mcp/', '/Mcp', '/mcp/x', '//mcp', '/mc', '/'])
      expect(matchRoute(only, 'POST', path)).toBeUndefined();
    expect(matchRoute(only, 'HEAD', '/mcp')).toBeUndefined();
    expect(matchRoute(only, 'POST', '/mcp')).toBeDefined();
  });

  test.each(['FETCH /a', 'GET a', 'GET /a b', '/a', 'GET /{a+}/b', ''])(
    'is not found by the key "%s", which is none',
    (key) => {
      expect(() => parseRouteKey(key)).toThrow(/is none of an HTTP API/);
    },
  );

  test.each([
    ['GET /a', 'GET /a'],
    ['GET /a/{x}', 'GET /a/{y}'],
    ['GET /a/{x+}', 'GET /a/{y+}'],
    ['$default', '$default'],
  ])('is never one of two: %s and %s', (first, second) => {
    expect(() => refuseDuplicates([parseRouteKey(first), parseRouteKey(second)])).toThrow(/match the same requests/);
    expect(() => refuseDuplicates([first, 'POST /a', 'GET /b/{x}', 'ANY /a'].map(parseRouteKey))).not.toThrow();
  });

  test('is chosen and served: $default gets what no other route does', async () => {
    const { gateway } = await run(httpApi({ $default: {}, 'GET /a': {} }));
    const served = async (path: string) => (await fetch(gateway.url + path)).headers.get('x-function');
    expect([await served('/a'), await served('/b/c')]).toEqual(['Function1', 'Function0']);
  });
});

describe('an API that the gateway does not run', () => {
  const route = (options: RouteOptions) => httpApi({ 'GET /a': options });

  test.each([
    ['an authorizer', route({ route: { AuthorizationType: 'JWT', AuthorizerId: 'x' } }), /Route0 .*AuthorizationType/s],
    ['IAM authorization', route({ route: { AuthorizationType: 'AWS_IAM' } }), /Route0 .*AuthorizationType/s],
    ['CORS', httpApi({ 'GET /a': {} }, {}, { CorsConfiguration: { AllowOrigins: ['*'] } }), /Api .*CorsConfiguration/s],
    ['WebSocket', httpApi({ 'GET /a': {} }, {}, { ProtocolType: 'WEBSOCKET' }), /Api .*ProtocolType/s],
    ['an OpenAPI body', httpApi({ 'GET /a': {} }, {}, { Body: {} }), /Api .*Body/s],
    [
      'request mapping',
      route({ integration: { RequestParameters: { 'overwrite:path': '/x' } } }),
      /Integration0.*RequestParameters/s,
    ],
    ['payload 1.0', route({ integration: { PayloadFormatVersion: '1.0' } }), /Integration0.*PayloadFormatVersion/s],
    ['an HTTP proxy', route({ integration: { IntegrationType: 'HTTP_PROXY' } }), /Integration0.*IntegrationType/s],
    [
      'a function of elsewhere',
      route({ integration: { IntegrationUri: 'arn:aws:lambda:us-east-1:1:function:x' } }),
      /which is no function/,
    ],
    ['a target of elsewhere', route({ route: { Target: 'integrations/elsewhere' } }), /which is no integration/],
    [
      'a reserved header in a mapping',
      route({
        integration: {
          ResponseParameters: { 401: { ResponseParameters: [{ Destination: 'overwrite:header.via', Source: 'x' }] } },
        },
      }),
      /"via" is reserved/,
    ],
    ['another stage', httpApi({ 'GET /a': {} }, { StageName: 'prod' }), /\$default stage/],
    ['stage variables', httpApi({ 'GET /a': {} }, { StageVariables: { a: 'b' } }), /StageVariables/],
    [
      'throttling of a route that is not there',
      httpApi({ 'GET /a': {} }, { RouteSettings: { 'GET /b': {} } }),
      /"GET \/b", which is no route/,
    ],
  ] as [string, Template, RegExp][])('%s', async (_, template, message) => {
    await expect(run(template)).rejects.toThrow(message);
  });

  test('two of them, or none', async () => {
    const two = {
      ...httpApi({ 'GET /a': {} }),
      Second: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
    };
    await expect(run(two)).rejects.toThrow(/exactly one HTTP API; the template has 2/);
    await expect(run({})).rejects.toThrow(/the template has none/);
  });

  test('two routes for the same requests', async () => {
    await expect(run(httpApi({ 'GET /a/{x}': {}, 'GET /a/{y}': {} }))).rejects.toThrow(/match the same requests/);
  });
});

describe('the permission to invoke', () => {
  const api = (path: string, stage = '*', method = '*') => ({
    SourceArn: join('arn:aws:execute-api:us-east-1:000000000000:', ref('Api'), `/${stage}/${method}${path}`),
  });

  test.each([
    ['as CDK writes it', 'POST /token', {}],
    ['for the method alone', 'POST /token', api('/token', '*', 'POST')],
    ['for the stage alone', 'POST /token', api('/token', '$default', 'POST')],
    ['for every path', 'POST /token', api('/*')],
    [
      'for the whole API',
      'ANY /a',
      { SourceArn: join('arn:aws:execute-api:us-east-1:000000000000:', ref('Api'), '/*') },
    ],
    ['for a path with a variable', 'GET /a/{b}', {}],
    ['for $default', '$default', {}],
    ['by name', 'POST /token', { FunctionName: ref('Function0') }],
    ['for the account', 'POST /token', { SourceAccount: ref('AWS::AccountId') }],
  ] as [string, string, JsonObject][])('is there: %s', async (_, key, permission) => {
    await expect(run(httpApi({ [key]: { permission } }))).resolves.toBeDefined();
  });

  test.each([
    ['is missing', false],
    ['is for another path', api('/other')],
    ['is for another method', api('/token', '*', 'GET')],
    ['is for another stage', api('/token', 'prod')],
    ['is for another API', { SourceArn: 'arn:aws:execute-api:us-east-1:000000000000:other/*/*/token' }],
    ['is for another account', { SourceAccount: '111111111111' }],
    ['is for another service', { Principal: 'events.amazonaws.com' }],
    ['is for another action', { Action: 'lambda:GetFunction' }],
    ['is for another function', { FunctionName: getAtt('Function1', 'Arn') }],
  ] as [string, JsonObject | false][])('%s: refused', async (_, permission) => {
    const template = httpApi({ 'POST /token': { permission }, 'GET /x': {} });
    await expect(run(template)).rejects.toThrow(
      /Route "POST \/token": no AWS::Lambda::Permission lets API Gateway invoke/,
    );
  });

  test('for one method does not do for ANY', async () => {
    await expect(run(httpApi({ 'ANY /a': { permission: api('/a', '*', 'GET') } }))).rejects.toThrow(/Route "ANY \/a"/);
  });
});

describe('throttling', () => {
  test('lets a burst through, then so many a second', () => {
    let now = 0;
    const throttle = createThrottle({ rate: 2, burst: 3 }, () => now);
    const admitted = (count: number) => Array.from({ length: count }, () => throttle.admit()).filter(Boolean).length;
    expect(admitted(5)).toBe(3);
    now += 499;
    expect(admitted(1)).toBe(0);
    now += 1;
    expect(admitted(2)).toBe(1);
    now += 60_000;
    expect(admitted(9)).toBe(3);
  });

  test.each([
    [{ rate: 0, burst: 5 }, 0],
    [{ rate: 5, burst: 0 }, 0],
    [{ rate: Number.POSITIVE_INFINITY, burst: 5 }, 9],
    [{ rate: Number.POSITIVE_INFINITY, burst: Number.POSITIVE_INFINITY }, 9],
    [{ rate: 5, burst: Number.POSITIVE_INFINITY }, 9],
  ])('with %o lets %i of 9 through', (limits, expected) => {
    const throttle = createThrottle(limits, () => 0);
    expect(Array.from({ length: 9 }, () => throttle.admit()).filter(Boolean)).toHaveLength(expected);
  });

  test('of one route answers 429 and leaves the others alone', async () => {
    const limits = { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 0.001 };
    const stage = {
      DefaultRouteSettings: { ThrottlingBurstLimit: 4, ThrottlingRateLimit: 0.001 },
      RouteSettings: { 'GET /register': limits },
    };
    const { gateway, reports } = await run(httpApi({ 'GET /register': {}, 'GET /token': {} }, stage));
    const statuses = async (path: string) => {
      const answers = [];
      for (let count = 0; count < 5; count++) answers.push(await fetch(gateway.url + path));
      return answers.map(({ status }) => status);
    };
    expect(await statuses('/register')).toEqual([200, 200, 429, 429, 429]);
    expect(await statuses('/token')).toEqual([200, 200, 200, 200, 429]);
    expect(await (await fetch(`${gateway.url}/register`)).json()).toEqual({ message: 'Too Many Requests' });
    expect(reports.filter(({ status }) => status === 429)).toHaveLength(5);
  });
});
