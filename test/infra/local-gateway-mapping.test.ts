import { afterEach, describe, expect, test } from 'vitest';
import { applyMappings, parseMappings } from '../../infra/local/gateway/mapping.ts';
import type { JsonObject } from '../../infra/local/template/json.ts';
import { httpApi, type RunningApi, runApi } from './fixtures-runtime/http-api.ts';

const running: RunningApi[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((api) => api.close()));
});

const CHALLENGE = 'Bearer resource_metadata="http://localhost:3000/.well-known/oauth-protected-resource/mcp"';

/** As the service stack maps the challenge of 401 and 403. */
const REMAPPED = {
  ResponseParameters: [
    { Destination: 'overwrite:header.WWW-Authenticate', Source: '$response.header.x-gatehouse-challenge' },
    { Destination: 'remove:header.x-gatehouse-challenge', Source: "''" },
  ],
};

async function ask(mappings: JsonObject | undefined, answer: unknown): Promise<Response> {
  const integration = mappings === undefined ? {} : { ResponseParameters: mappings };
  const api = await runApi(httpApi({ 'POST /mcp': { integration } }));
  running.push(api);
  const headers = { 'content-type': 'application/json', 'x-answer': 'body' };
  return await fetch(`${api.gateway.url}/mcp`, { method: 'POST', headers, body: JSON.stringify(answer) });
}

describe('a challenge', () => {
  const headers = { 'WWW-Authenticate': CHALLENGE, 'x-gatehouse-challenge': CHALLENGE };

  test.each([401, 403])('of a %i is renamed on its way, and put back by the mapping', async (statusCode) => {
    const response = await ask({ 401: REMAPPED, 403: REMAPPED }, { statusCode, headers });
    expect(response.status).toBe(statusCode);
    expect(response.headers.get('www-authenticate')).toBe(CHALLENGE);
    expect(response.headers.get('x-gatehouse-challenge')).toBeNull();
    // The renamed one is reserved: no mapping can take it away.
    expect(response.headers.get('x-amzn-remapped-www-authenticate')).toBe(CHALLENGE);
  });

  test('without a mapping is lost to every client', async () => {
    const response = await ask(undefined, { statusCode: 401, headers });
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('x-amzn-remapped-www-authenticate')).toBe(CHALLENGE);
    expect(response.headers.get('x-gatehouse-challenge')).toBe(CHALLENGE);
  });

  test('of another status is not mapped', async () => {
    const response = await ask({ 401: REMAPPED }, { statusCode: 400, headers });
    expect(response.headers.get('www-authenticate')).toBeNull();
  });

  test('that is not there writes no empty header', async () => {
    const response = await ask({ 401: REMAPPED }, { statusCode: 401, headers: {} });
    expect(response.headers.has('www-authenticate')).toBe(false);
  });

  test('is not put onto an error of the gateway itself', async () => {
    const always = { ResponseParameters: [{ Destination: 'overwrite:header.x-seen', Source: 'yes' }] };
    expect((await ask({ 500: always }, { statusCode: 'broken' })).headers.has('x-seen')).toBe(false);
    expect((await ask({ 500: always }, { statusCode: 500 })).headers.get('x-seen')).toBe('yes');
  });
});

describe('other headers that are the gateway\u2019s own', () => {
  test('reach the client under another name', async () => {
    const response = await ask(undefined, {
      statusCode: 200,
      headers: { Connection: 'x', 'Content-Length': '1', Date: 'y' },
    });
    expect(response.headers.get('x-amzn-remapped-connection')).toBe('x');
    expect(response.headers.get('x-amzn-remapped-content-length')).toBe('1');
    expect(response.headers.get('x-amzn-remapped-date')).toBe('y');
    expect(response.headers.get('date')).not.toBe('y');
  });
});

describe('a mapping', () => {
  const response = {
    status: 200,
    headers: new Map([
      ['x-a', 'one'],
      ['x-gone', 'soon'],
    ]),
  };
  const context = {
    body: Buffer.from('{"user":{"names":["ada"]},"flag":true,"none":null}'),
    variables: { requestId: 'id-1' },
  };
  const map = (Destination: string, Source: string) =>
    applyMappings(parseMappings('here', { 200: { ResponseParameters: [{ Destination, Source }] } }), response, context);

  test.each([
    ['overwrite:header.x-a', '$response.header.X-Gone', 'x-a', 'soon'],
    ['overwrite:header.X-New', `\${response.header.x-a}`, 'x-new', 'one'],
    ['append:header.x-a', '$response.header.x-gone', 'x-a', 'one,soon'],
    ['append:header.x-new', "'quoted text'", 'x-new', 'quoted text'],
    ['overwrite:header.x-new', 'bare text', 'x-new', 'bare text'],
    ['overwrite:header.x-new', '$context.requestId', 'x-new', 'id-1'],
    ['overwrite:header.x-new', '$response.body.user.names[0]', 'x-new', 'ada'],
    ['overwrite:header.x-new', `\${response.body.user}`, 'x-new', '{"names":["ada"]}'],
    ['overwrite:header.x-new', '$response.body.flag', 'x-new', 'true'],
    ['overwrite:header.x-new', '$response.body.missing.deep', 'x-new', undefined],
    ['overwrite:header.x-new', '$response.body.none', 'x-new', undefined],
    ['overwrite:header.x-new', '$response.body.constructor', 'x-new', undefined],
    ['overwrite:header.x-a', '$response.header.absent', 'x-a', 'one'],
    ['remove:header.X-Gone', "''", 'x-gone', undefined],
  ] as [string, string, string, string | undefined][])('%s from %s', (destination, source, header, value) => {
    expect(map(destination, source).headers.get(header)).toBe(value);
  });

  test('may change the status, to one that exists', () => {
    expect(map('overwrite:statuscode', '403').status).toBe(403);
    expect(map('overwrite:statuscode', '$response.header.x-a').status).toBe(200);
  });

  test('takes its value from the answer as it was, whatever the order', () => {
    const parameters = [...REMAPPED.ResponseParameters].reverse();
    const challenged = { status: 401, headers: new Map([['x-gatehouse-challenge', CHALLENGE]]) };
    const mapped = applyMappings(
      parseMappings('here', { 401: { ResponseParameters: parameters } }),
      challenged,
      context,
    );
    expect([...mapped.headers]).toEqual([['www-authenticate', CHALLENGE]]);
  });

  test.each([
    ['overwrite:header.x-amzn-remapped-www-authenticate', 'x', /reserved/],
    ['overwrite:header.x-new', '$response.header.x-amzn-remapped-www-authenticate', /reserved/],
    ['append:header.Authorization', 'x', /reserved/],
    ['remove:header.Access-Control-Allow-Origin', "''", /reserved/],
    ['overwrite:header.Via', 'x', /reserved/],
    ['overwrite:querystring.x', 'y', /no destination of a response/],
    ['replace:header.x', 'y', /no destination of a response/],
    ['append:statuscode', '200', /no destination of a response/],
    ['remove:header.x', 'y', /takes the value ''/],
    ['overwrite:header.x', '$stageVariables.x', /no value the local gateway knows/],
    ['overwrite:header.x', "'quoted $ text'", /no value the local gateway knows/],
    ['overwrite:header.x', '$request.header.x', /no value the local gateway knows/],
    ['overwrite:header.x', '$context.authorizer.claims', /no value the local gateway knows/],
    ['overwrite:header.x', '$response.body..x', /no value the local gateway knows/],
    ['overwrite:header.x', `a \${response.header.x} b`, /no value the local gateway knows/],
  ])('%s from %s is refused at the start', (destination, source, message) => {
    expect(() => map(destination, source)).toThrow(message);
  });

  test.each([
    ['a status that is none', { '99': { ResponseParameters: [] } }, /at 99/],
    ['a member it does not know', { 401: { ResponseParameters: [], Other: 1 } }, /Other/],
    [
      'one header changed twice',
      { 401: { ResponseParameters: [...REMAPPED.ResponseParameters, ...REMAPPED.ResponseParameters] } },
      /twice/,
    ],
  ] as [string, JsonObject, RegExp][])('with %s is refused at the start', (_, mappings, message) => {
    expect(() => parseMappings('Stack/Integration', mappings)).toThrow(message);
  });
});
