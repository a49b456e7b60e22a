import { Logger } from '@aws-lambda-powertools/logger';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { configOf, originLockConfig } from '../../functions/config.ts';
import { endpoint, type Handle } from '../../functions/http/endpoint.ts';
import { createOriginGate } from '../../functions/http/origin.ts';
import { createOriginLock, ORIGIN_HEADER } from '../../functions/http/origin-lock.ts';
import { json } from '../../functions/http/respond.ts';
import { createWellKnown } from '../../functions/well-known/serve.ts';
import { ISSUER, RESOURCE, SCOPES } from '../support/authorization-server.ts';
import { aSigningKey } from '../support/builders.ts';

const SECRET = 'k3'.repeat(32);
/** By what CloudFront calls the API. */
const API = 'abc123.execute-api.eu-west-1.amazonaws.com';
const lock = createOriginLock(SECRET, ISSUER);
const WRONG: readonly [string, Readonly<Record<string, string>>][] = [
  ['none', {}],
  ['an empty one', { [ORIGIN_HEADER]: '' }],
  ['another of its length', { [ORIGIN_HEADER]: 'x3'.repeat(32) }],
  ['its beginning', { [ORIGIN_HEADER]: SECRET.slice(0, -1) }],
  ['more than it', { [ORIGIN_HEADER]: `${SECRET}a` }],
  ['it in capitals', { [ORIGIN_HEADER]: SECRET.toUpperCase() }],
  ['it twice, as API Gateway joins them', { [ORIGIN_HEADER]: `${SECRET},${SECRET}` }],
  ['it in another header', { 'x-origin': SECRET }],
];

let lines: string[];
beforeEach(() => {
  lines = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => lines.push(String(chunk)) > 0);
});
afterEach(() => vi.restoreAllMocks());
const requestLines = () => lines.map((line) => JSON.parse(line)).filter(({ message }) => message === 'request');

function call(handle: Handle, headers: Readonly<Record<string, string>>, body = '') {
  const event = {
    version: '2.0',
    rawPath: '/token',
    rawQueryString: '',
    headers: { host: API, ...headers },
    body,
    isBase64Encoded: false,
    requestContext: { requestId: 'request-1', http: { method: 'POST' } },
  } as unknown as APIGatewayProxyEventV2;
  const options = {
    logger: new Logger({ serviceName: 'token' }),
    clock: { seconds: () => 1, millis: () => 1_000 },
    maxBody: 16,
    lock,
  };
  const lambda = { functionName: 'token', getRemainingTimeInMillis: () => 10_000 } as unknown as Context;
  return endpoint(options, handle)(event, lambda);
}

describe('a function behind CloudFront', () => {
  test.each(WRONG)('answers 403 to who shows %s, before anything else, and logs it', async (_, headers) => {
    const handle = vi.fn<Handle>();
    // The body is too large as well: the lock comes first.
    const answer = await call(handle, headers, 'x'.repeat(17));
    expect(answer.statusCode).toBe(403);
    expect(answer.headers?.['www-authenticate']).toBeUndefined();
    expect(handle).not.toHaveBeenCalled();
    expect(requestLines()).toMatchObject([
      { status: 403, reason: 'not-through-the-edge', note: 'refused: it did not come through CloudFront' },
    ]);
    expect(`${answer.body}${lines.join('')}`).not.toContain(SECRET);
    expect(answer.body).not.toMatch(/origin|secret|header/i);
  });

  test('lets through who shows it, and hands nobody the secret', async () => {
    const handle = vi.fn<Handle>(async () => json(200, {}));
    const answer = await call(handle, { [ORIGIN_HEADER]: SECRET, authorization: 'Bearer t', 'mcp-method': 'ping' });
    expect(answer.statusCode).toBe(200);
    const headers = handle.mock.calls[0]?.[0].headers;
    expect({ ...headers }).toEqual({ authorization: 'Bearer t', 'mcp-method': 'ping', host: new URL(ISSUER).host });
    expect(Object.getPrototypeOf(headers)).toBeNull();
    expect(lines.join('')).not.toContain(SECRET);
  });

  test('takes such a request for one to the issuer, whatever name CloudFront called it by', async () => {
    const gate = createOriginGate(ISSUER);
    const checked = vi.fn<Handle>(async (request) => json(gate.check(request).ok ? 200 : 421, {}));
    expect((await call(checked, { [ORIGIN_HEADER]: SECRET })).statusCode).toBe(200);
    const rebound = { [ORIGIN_HEADER]: SECRET, origin: 'https://evil.example' };
    expect((await call(checked, rebound)).statusCode).toBe(421);
  });
});

describe('the well-known documents behind CloudFront', async () => {
  const { publicKey } = await aSigningKey();
  const published = {
    issuer: ISSUER,
    resource: RESOURCE,
    catalogue: Object.keys(SCOPES),
    defaultScope: [],
    registration: 'vetted',
    documents: true,
    keys: [publicKey],
  } as const;
  const ask = (headers: Readonly<Record<string, string>> | undefined, handler = createWellKnown(published, lock)) =>
    handler({
      rawPath: '/.well-known/jwks.json',
      requestContext: { http: { method: 'GET' } },
      headers,
    } as Parameters<typeof handler>[0]);

  test.each(WRONG)('are not for who shows %s, and the refusal is kept by no cache', async (_, headers) => {
    const answer = await ask(headers);
    expect(answer).toMatchObject({ statusCode: 403, headers: { 'cache-control': 'no-store' } });
    expect(answer.body).not.toContain('keys');
  });

  test('are for who shows it, and for everybody where there is no lock', async () => {
    expect((await ask({ [ORIGIN_HEADER]: SECRET })).statusCode).toBe(200);
    expect((await ask(undefined)).statusCode).toBe(403);
    expect((await ask(undefined, createWellKnown(published))).statusCode).toBe(200);
  });
});

describe('the configuration of the lock', () => {
  test('is none, where the CDK app set none', () => {
    expect(originLockConfig({ ISSUER })).toBeUndefined();
  });

  test('is what was drawn', () => {
    expect(originLockConfig({ ISSUER, ORIGIN_SECRET: SECRET })).toEqual({ ISSUER, ORIGIN_SECRET: SECRET });
  });

  test.each(['', 'short', '{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:x}}'])(
    'that is %j stops the function instead of opening it',
    (ORIGIN_SECRET) => {
      expect(() => originLockConfig({ ISSUER, ORIGIN_SECRET })).toThrow(/ORIGIN_SECRET has an unusable value/);
    },
  );

  test('needs the issuer beside it', () => {
    expect(() => originLockConfig({ ORIGIN_SECRET: SECRET })).toThrow(/ISSUER is missing/);
    expect(() => configOf('originLock', { ISSUER })).toThrow(/ORIGIN_SECRET is missing/);
  });
});
