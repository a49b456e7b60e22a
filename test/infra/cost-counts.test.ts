import { afterAll, beforeAll, expect, test } from 'vitest';
import { ASSUMED, CALL, REFRESH, SEAL, SIGN_IN, type Work } from '../../infra/cost/work.ts';
import { type FlowCloud, startFlowCloud } from '../attacks/support/t-flow.ts';
import { modernMessage, postMcp } from '../support/mcp-wire.ts';
import { ofType, synthesized } from './synthesized.ts';

/** What infra/COST.md says a call, a refresh, a sign-in and a run of the seal make AWS do, counted on the running stack. */
let here: FlowCloud;
beforeAll(async () => {
  here = await startFlowCloud();
});
afterAll(() => here.close());

const DATA_API = /^rds-data:/;
const ROW = /^dynamodb:ExecuteStatement table\/.*AuditTable/;
const WRITE = /^dynamodb:(?:PutItem|UpdateItem) /;
const READ = /^dynamodb:GetItem /;
/** Client and grant together: counted once, and two items. */
const READ_OF_TWO = /^dynamodb:BatchGetItem /;
const SIGN = /^kms:Sign /;
const KNOWN = [DATA_API, ROW, WRITE, READ, READ_OF_TWO, SIGN];

/** What was asked of AWS meanwhile, and whatever of it is no part of {@link Work}. */
async function asked(work: () => Promise<unknown>) {
  const { endpoint } = here.cloud;
  endpoint.resetCounts();
  await work();
  const counts = Object.entries(endpoint.counts());
  const of = (pattern: RegExp) =>
    counts.filter(([name]) => pattern.test(name)).reduce((sum, [, each]) => sum + each, 0);
  return {
    dataApiCalls: of(DATA_API),
    auditRows: of(ROW),
    writes: of(WRITE),
    reads: of(READ) + 2 * of(READ_OF_TWO),
    signatures: of(SIGN),
    others: counts.filter(([name]) => !KNOWN.some((pattern) => pattern.test(name))).map(([name]) => name),
  };
}

const expected = ({ requests: _requests, invocations: _invocations, ...rest }: Work) => ({ ...rest, others: [] });

async function signedIn(name: string) {
  const { id } = await here.register(name);
  return { id, ...(await here.redeem(await here.login(id))) };
}

test('a run of the seal over a log that nobody added to', async () => {
  const { cloud } = here;
  const name = cloud.assembly
    .ofType('AWS::Lambda::Function')
    .find(({ properties }) => JSON.stringify(properties).includes('"POWERTOOLS_SERVICE_NAME":"seal"'));
  if (name === undefined) throw new Error('there is no seal');
  const seal = () => cloud.invoke(cloud.resolver.arn(name), {});
  // The first run looks for what was sealed before it. This test comes first: each stream of the day is read as well.
  await seal();
  cloud.endpoint.resetCounts();
  await seal();
  const counts = Object.entries(cloud.endpoint.counts()).map(([operation, times]) => [operation.split(' ')[0], times]);
  expect(Object.fromEntries(counts)).toEqual({
    // In its first quarter of an hour a day is looked at together with the one before.
    'dynamodb:Query': Date.now() % 86_400_000 < 16 * 60_000 ? expect.any(Number) : SEAL.reads,
    'dynamodb:ExecuteStatement': SEAL.auditRows,
    'kms:Sign': SEAL.signatures,
    's3:PutObject': SEAL.puts,
  });
});

test('a call of a tool that reads, and what is written about it', async () => {
  const { accessToken } = await signedIn('Calls');
  const message = modernMessage('tools/call', { name: 'search_orders', arguments: { status: 'paid' } });
  const call = () => postMcp(here.cloud.mcpUrl, message, accessToken);
  // The first one opens the stream of its environment, and fetches keys and secrets.
  await call();
  const from = here.lines.length;
  let bytes = 0;
  expect(await asked(async () => (bytes = (await call()).text.length))).toEqual(expected(CALL));
  const logged = here.lines.slice(from).reduce((sum, line) => sum + line.length, 0);
  // Lambda's own two lines and the longer line of the real API come on top.
  expect(logged).toBeGreaterThan(ASSUMED.logBytes / 3);
  expect(logged).toBeLessThan(ASSUMED.logBytes);
  expect(bytes).toBeGreaterThan(ASSUMED.answerBytes / 3);
  expect(bytes).toBeLessThan(ASSUMED.answerBytes);
});

test('a refresh', async () => {
  const { id, refreshToken } = await signedIn('Refreshes');
  expect(await asked(() => here.refresh(id, refreshToken))).toEqual(expected(REFRESH));
});

test('a sign-in, from the registration of a client to its first tokens', async () => {
  await signedIn('Before');
  expect(await asked(() => signedIn('Signs in'))).toEqual(expected(SIGN_IN));
});

test('the memory of a function', { timeout: 90_000 }, () => {
  const { service } = synthesized();
  const functions = Object.values(ofType<{ MemorySize: number }>(service, 'AWS::Lambda::Function'));
  expect(new Set(functions.map(({ Properties }) => Properties.MemorySize / 1024))).toEqual(new Set([ASSUMED.memoryGb]));
});
