import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bundle } from '../../infra/bundle.ts';
import { bytesByPart, outputOf } from '../../infra/bundle-sizes.ts';
import { FUNCTION_NAMES } from '../../infra/function-names.ts';
import { ofType, PRODUCTION, synthesized } from './synthesized.ts';

/** A function's AWS clients sign as the function's role, and cannot be made to sign as anybody else. */
const ROOT = join(import.meta.dirname, '../..');
const INSTEAD = ['environment-credentials.ts', 'no-event-streams.ts'].map((file) => `functions/adapters/${file}`);

const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-credentials-'));
afterAll(() => rmSync(scratch, { recursive: true }));

test('no bundle of this repository knows another place to find credentials in', () => {
  const output = join(scratch, 'build');
  bundle({ root: ROOT, names: FUNCTION_NAMES, output });
  const elsewhere =
    /^@aws-sdk\/(?:nested-clients|token-providers|client-(?:sts|sso\w*|cognito\w*))$|credential-provider-(?!env$)/;
  for (const name of FUNCTION_NAMES) {
    const packages = [...bytesByPart(outputOf(join(output, 'meta', `${name}.json`))).keys()];
    expect(packages.filter((each) => elsewhere.test(each))).toEqual([]);
    const signs = packages.some((each) => each.startsWith('@aws-sdk/client-'));
    expect(packages.includes('@aws-sdk/credential-provider-env'), name).toBe(signs);
  }
});

test('no function is started in a way that puts its credentials elsewhere', () => {
  // SnapStart serves them over HTTP; on a capacity provider an environment may outlive the ones it began with.
  const functions = ofType<object>(synthesized(PRODUCTION).service, 'AWS::Lambda::Function');
  const started = Object.values(functions).flatMap(({ Properties }) => Object.keys(Properties));
  expect(started).toContain('Role');
  expect(started.filter((property) => property === 'SnapStart' || property === 'CapacityProviderConfig')).toEqual([]);
});

describe('a bundle with an AWS client', () => {
  let code: string;
  let server: Server;
  let requests: IncomingMessage[];
  let address: string;

  beforeAll(async () => {
    code = bundleOfOneCall();
    server = createServer((request, response) => {
      requests.push(request);
      // Enough of an answer for DynamoDB, and for every service that hands out credentials.
      const Expiration = '2100-01-01T00:00:00Z';
      const keys = { AccessKeyId: 'served', SecretAccessKey: 'served', Token: 'served', Expiration };
      response.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify({ TableNames: [], ...keys }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    requests = [];
  });

  const file = (name: string, text: string) => {
    writeFileSync(join(scratch, name), text);
    return join(scratch, name);
  };
  const run = async (environment: Readonly<Record<string, string>>) => {
    const script = `require(${JSON.stringify(code)}).handler().then(console.log, (error) => console.log(error.message))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: { HOME: scratch, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_DYNAMODB: address, ...environment },
    });
    return stdout.trim();
  };

  test('signs with the credentials in its environment, whatever else there is', async () => {
    const answer = await run({
      AWS_ACCESS_KEY_ID: 'of-the-role',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'session',
      AWS_PROFILE: 'other',
      AWS_SHARED_CREDENTIALS_FILE: file('both', '[other]\naws_access_key_id = file\naws_secret_access_key = file\n'),
    });
    expect(answer).toBe('[]');
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([
      expect.stringContaining('Credential=of-the-role/'),
    ]);
    expect(requests[0]?.headers['x-amz-security-token']).toBe('session');
  });

  const touched = join(scratch, 'touched');
  test.each<[string, () => Record<string, string>]>([
    ['nothing', () => ({})],
    [
      'a profile',
      () => ({
        AWS_SHARED_CREDENTIALS_FILE: file(
          'keys',
          '[default]\naws_access_key_id = file\naws_secret_access_key = file\n',
        ),
      }),
    ],
    [
      'a credential process',
      () => ({ AWS_CONFIG_FILE: file('config', `[default]\ncredential_process = /bin/touch ${touched}\n`) }),
    ],
    ['the metadata service of a container', () => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${address}/role` })],
    ['the metadata service of an instance', () => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: address })],
    [
      'a web identity',
      () => ({
        AWS_WEB_IDENTITY_TOKEN_FILE: file('token', 'token'),
        AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/other',
        AWS_ENDPOINT_URL_STS: address,
      }),
    ],
  ])('without them it makes no call at all, and does not turn to %s', async (_place, environment) => {
    expect(await run(environment())).toBe('Unable to find environment variable credentials.');
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([]);
    expect(existsSync(touched)).toBe(false);
  });
});

/** A function that lists tables, bundled as ours are. */
function bundleOfOneCall(): string {
  const root = join(scratch, 'checkout');
  const handler = `
    import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
    const client = new DynamoDBClient({ maxAttempts: 1 });
    export const handler = async () => JSON.stringify((await client.send(new ListTablesCommand({}))).TableNames);
  `;
  for (const path of ['functions/token', 'functions/adapters']) mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'functions/token/handler.ts'), handler);
  for (const path of INSTEAD) cpSync(join(ROOT, path), join(root, path));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return join(bundle({ root, names: ['token'], output: join(scratch, 'one-call') }).token, 'index.js');
}
