import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { modernMessage, postMcp, textOf } from '../support/mcp-wire.ts';
import { mintOf, nowSeconds } from '../support/minted-tokens.ts';
import { type McpCloud, startMcpCloud } from './support/m-mcp-cloud.ts';
import { startRecordingProxy } from './support/m-recording-proxy.ts';
import { type Redeployed, redeploy } from './support/p-redeployed.ts';

/** What stands around the gate: the keys it was deployed with, what it remembers, and where it passes a token on to. */
let here: McpCloud;
let redeployed: Redeployed | undefined;
beforeAll(async () => {
  here = await startMcpCloud();
});
afterAll(() => here?.close());
afterEach(async () => {
  await redeployed?.close();
  redeployed = undefined;
});

const call = (name: string, input: unknown = {}) => modernMessage('tools/call', { name, arguments: input });

describe('a deployment without usable keys', () => {
  test.each([
    ['no variable', undefined],
    ['nothing', ''],
    ['no JSON', '{"keys":['],
    ['no key', '{"keys":[]}'],
    ['a key that is none', '{"keys":[{}]}'],
  ])('B23 with %s delivered answers 5xx to everybody, and runs nothing', async (_, TOKEN_KEYS) => {
    redeployed = await redeploy(here.cloud, { TOKEN_KEYS });
    const url = `${redeployed.issuer}/mcp`;
    const mint = mintOf(here.cloud);
    const token = await mint({ iss: redeployed.issuer, aud: url });
    for (const answer of [await postMcp(url, call('whoami'), token), await postMcp(url, call('whoami'))]) {
      expect(answer.status).toBe(500);
      expect(answer.text).not.toMatch(/KEYS|keys/);
    }
  });
});

describe('who decides about a token', () => {
  test('B29 is the function alone: no route of the template has an authorizer', () => {
    const { assembly } = here.cloud;
    expect(assembly.ofType('AWS::ApiGatewayV2::Authorizer')).toEqual([]);
    const routes = assembly.ofType('AWS::ApiGatewayV2::Route');
    expect(routes.length).toBeGreaterThan(5);
    for (const { properties } of routes) {
      expect(properties.AuthorizationType ?? 'NONE').toBe('NONE');
      expect(properties).not.toHaveProperty('AuthorizerId');
    }
  });

  test('B29 a token that was just accepted answers for nobody else, nor with one character changed', async () => {
    const [ada, dan] = [await here.mint({ sub: 'ada' }), await here.mint({ sub: 'dan', tenant: 'south' })];
    expect(textOf(await here.call(ada, 'whoami'))).toContain('"ada"');
    expect(textOf(await here.call(dan, 'whoami'))).toContain('"dan"');
    expect(textOf(await here.call(ada, 'whoami'))).toContain('"ada"');
    const [head, payload, signature = ''] = ada.split('.');
    const first = signature.startsWith('A') ? 'B' : 'A';
    expect((await here.call(`${head}.${payload}.${first}${signature.slice(1)}`, 'whoami')).status).toBe(401);
    const [, others] = dan.split('.');
    expect((await here.call(`${head}.${others}.${signature}`, 'whoami')).status).toBe(401);
  });

  test('B29 a token that was just accepted is refused as soon as it ends', async () => {
    const exp = nowSeconds() + 6;
    const token = await here.mint({ exp });
    expect((await here.call(token, 'whoami')).status).toBe(200);
    while (nowSeconds() < exp) await sleep(100);
    expect((await here.call(token, 'whoami')).status).toBe(401);
  });
});

test('B28 the token goes to the write function, which verifies it again, and to nothing else', async () => {
  const proxy = await startRecordingProxy(here.cloud.endpoint.url);
  const { endpoint } = here.cloud;
  redeployed = await redeploy({ ...here.cloud, endpoint: { ...endpoint, url: proxy.url } }, {});
  const url = `${redeployed.issuer}/mcp`;
  const token = await here.mint({ iss: redeployed.issuer, aud: url });
  try {
    expect(textOf(await postMcp(url, call('search_orders'), token))).toContain('N-10');
    // The write function is the other deployment's, to which this token is a stranger's: that it verifies shows, too.
    const write = await postMcp(url, call('add_ticket_note', { ticketId: 'T-301', body: 'Called back.' }), token);
    expect(textOf(write)).toContain('The access token ended before the change could be made');
  } finally {
    await proxy.close();
  }
  const services = proxy.recorded.map(({ operation }) => operation);
  for (const each of ['/BeginTransaction', '/Execute', 'DynamoDB_20120810.ExecuteStatement', 'TrentService.']) {
    expect(services.some((operation) => operation.startsWith(each))).toBe(true);
  }
  const signature = token.split('.')[2] ?? '';
  const carriers = proxy.recorded.filter(({ headers, body }) =>
    `${JSON.stringify(headers)}${body}`.includes(signature),
  );
  expect(carriers.map(({ operation }) => operation)).toEqual([
    expect.stringMatching(/^\/2015-03-31\/functions\/[^/]*McpWrite[^/]*\/invocations$/),
  ]);
  const [carrier] = carriers;
  expect(JSON.stringify(carrier?.headers)).not.toContain(signature);
  expect(JSON.parse(carrier?.body ?? '{}')).toMatchObject({ token, tool: 'add_ticket_note' });
});
