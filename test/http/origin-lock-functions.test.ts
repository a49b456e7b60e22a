import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { composeAuthorize } from '../../functions/compose/authorize.ts';
import { composeMcp } from '../../functions/compose/mcp.ts';
import { composeRegister } from '../../functions/compose/register.ts';
import { composeToken } from '../../functions/compose/token.ts';
import { composeWellKnown } from '../../functions/compose/well-known.ts';
import { EDGE } from '../infra/edge.ts';
import { ofType, synthesized } from '../infra/synthesized.ts';
import { aSigningKey } from '../support/builders.ts';

/** Every function as it is composed, with the environment that the template gives it when CloudFront stands in front. */
const SECRET = 'k3'.repeat(32);
const { publicKey } = await aSigningKey();

/** What a deployment would put where the template has a reference. */
const RESOLVED: Readonly<Record<string, string>> = {
  ORIGIN_SECRET: SECRET,
  TOKEN_KEYS: JSON.stringify({ keys: [publicKey] }),
  IDENTITY_ISSUER: 'https://idp.example.com',
  AWS_REGION: 'eu-west-1',
  SERVING: 'on',
};

type Lambda = { readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> } };
const environments = Object.values(ofType<Lambda>(synthesized(EDGE).service, 'AWS::Lambda::Function')).map(
  ({ Properties }) => Properties.Environment.Variables,
);

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

const FUNCTIONS: readonly [name: string, compose: () => Handler, method: string, path: string, open: number][] = [
  ['well-known', composeWellKnown as () => Handler, 'GET', '/.well-known/jwks.json', 200],
  ['register', composeRegister, 'GET', '/register', 405],
  ['authorize', composeAuthorize, 'POST', '/authorize', 405],
  ['token', composeToken, 'GET', '/token', 405],
  ['mcp', composeMcp, 'POST', '/mcp', 401],
];

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function composed(name: string, compose: () => Handler, secret: string | undefined): Handler {
  const given = environments.find(({ POWERTOOLS_SERVICE_NAME }) => POWERTOOLS_SERVICE_NAME === name) ?? {};
  for (const [variable, value] of Object.entries({ ...given, AWS_REGION: '' })) {
    const text = typeof value === 'string' && value !== '' ? value : `the-${variable.toLowerCase()}`;
    vi.stubEnv(variable, RESOLVED[variable] ?? text);
  }
  vi.stubEnv('ORIGIN_SECRET', secret);
  return compose();
}

function ask(handler: Handler, method: string, path: string, headers: Readonly<Record<string, string>>) {
  const event = {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'abc123.execute-api.eu-west-1.amazonaws.com', ...headers },
    body: '',
    isBase64Encoded: false,
    requestContext: { requestId: 'request-1', http: { method, path } },
  } as unknown as APIGatewayProxyEventV2;
  return handler(event, { functionName: 'f', getRemainingTimeInMillis: () => 10_000 } as unknown as Context);
}

test.each(FUNCTIONS)('%s refuses who comes past CloudFront, and answers who comes through it', async (...row) => {
  const [name, compose, method, path, open] = row;
  const handler = composed(name, compose, SECRET);
  expect((await ask(handler, method, path, {})).statusCode).toBe(403);
  expect((await ask(handler, method, path, { 'x-gatehouse-origin': 'x'.repeat(64) })).statusCode).toBe(403);
  expect((await ask(handler, method, path, { 'x-gatehouse-origin': SECRET })).statusCode).toBe(open);
});

test.each(FUNCTIONS)('%s does not start with a lock that is none', (name, compose) => {
  expect(() => composed(name, compose, '{{resolve:secretsmanager:x:SecretString:::}}')).toThrow(/ORIGIN_SECRET/);
});

test('the function that writes is called by no API, and has no lock', () => {
  const locked = environments.filter(({ ORIGIN_SECRET }) => ORIGIN_SECRET !== undefined);
  const names = locked.map(({ POWERTOOLS_SERVICE_NAME }) => String(POWERTOOLS_SERVICE_NAME));
  expect(names.sort()).toEqual(FUNCTIONS.map(([name]) => name).sort());
});
