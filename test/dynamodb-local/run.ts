import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { run } from '../deploy/commands.ts';
import { toTheEnd } from '../deploy/to-the-end.ts';
import { connect } from '../support/dynamodb-server.ts';
import { checkJava, install, startServer, VERSION } from './server.ts';

/**
 * `npm run test:dynamodb`: every test that is about what DynamoDB answers, once more on Amazon's own DynamoDB Local. The
 * tests are those of `npm test`; GATEHOUSE_DYNAMODB_URL tells them and the local cloud where to look.
 */
const TESTS = [
  'test/contract/store.test.ts',
  'test/contract/token-buckets.test.ts',
  'test/contract/gathered-reads.test.ts',
  'test/contract/initial-access-token-uses.test.ts',
  'test/contract/audit-',
  'test/core/oauth/grant-machine-dynamodb.test.ts',
  'test/infra/local-aws-dynamodb.test.ts',
  'test/infra/local-aws-partiql.test.ts',
];

/** The whole local stack over it: the deployed bundles, their roles, a sign-in, a tool call and the log of it. */
const END_TO_END = ['test/e2e/oauth-leg.test.ts', 'test/e2e/on-the-record.test.ts'];

await toTheEnd('the contract tests on DynamoDB Local', async () => {
  await checkJava();
  await timed(`DynamoDB Local ${VERSION}`, async () => ((await install()) ? 'fetched' : 'there already'));
  let url = '';
  await timed('start', async () => {
    url = await startServer();
    return url;
  });
  // There is one database for every file, so files take turns.
  const turns = ['--no-file-parallelism', '--testTimeout', '60000'];
  const there = { GATEHOUSE_DYNAMODB_URL: url };
  await run('vitest', ['run', '--project', 'fast', ...turns, ...TESTS], there, say);
  await run('vitest', ['run', '--project', 'e2e', ...END_TO_END], there, say);
  const client = connect(url);
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  client.destroy();
  if (TableNames.length === 0)
    throw new Error('nothing was written to DynamoDB Local: the tests ran on something else');
});

async function timed(name: string, work: () => Promise<string>): Promise<void> {
  const began = performance.now();
  const what = await work();
  say(`${name}: ${what}, ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
