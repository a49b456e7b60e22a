import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type ClientConfig,
  clientOf,
  failureOf,
  type RunningEndpoint,
  startEndpoint,
} from './fixtures/running-endpoint.ts';
import { send } from './fixtures/signed-request.ts';

let running: RunningEndpoint;
let developer: ClientConfig;
let offset = 0;

beforeAll(async () => {
  running = await startEndpoint({ now: () => Date.now() + offset });
  developer = clientOf(running.endpoint, running.credentials.developer);
});
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => running.close());

/** The query protocol, as `aws sts` and the SDK's profile provider speak it. */
async function call(config: ClientConfig, parameters: Record<string, string>) {
  const body = new URLSearchParams({ Version: '2011-06-15', ...parameters }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const response = await send(config, { service: 'sts', body, headers, at: Date.now() + offset });
  const text = await response.text();
  const value = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
  return { status: response.status, text, value };
}

function assume(config: ClientConfig, role: string, more: Record<string, string> = {}) {
  return call(config, { Action: 'AssumeRole', RoleArn: running.arn(role), RoleSessionName: 'ada', ...more });
}

async function sessionOf(answer: Awaited<ReturnType<typeof assume>>): Promise<ClientConfig> {
  return clientOf(running.endpoint, {
    accessKeyId: answer.value('AccessKeyId'),
    secretAccessKey: answer.value('SecretAccessKey'),
    sessionToken: answer.value('SessionToken'),
  });
}

describe('AssumeRole', () => {
  test('opens a session of a role that trusts the account', async () => {
    const answer = await assume(developer, 'InspectorRole');
    expect(answer.status).toBe(200);
    const session = new DynamoDBClient(await sessionOf(answer));
    expect((await session.send(new ScanCommand({ TableName: running.ref('Log') }))).Items).toEqual([]);
    expect(running.calls.at(-1)?.caller).toBe('arn:aws:sts::000000000000:assumed-role/desk-inspector/ada');
    const failure = await failureOf(session.send(new ScanCommand({ TableName: running.ref('Notes') })));
    expect(failure.message).toContain('assumed-role/desk-inspector/ada is not authorized');
  });

  test('is what a profile of the AWS configuration does by itself', async () => {
    const { accessKeyId, secretAccessKey } = running.credentials.developer;
    const region = 'region = us-east-1\n';
    const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    const inspector = `role_arn = ${running.arn('InspectorRole')}\nsource_profile = me\n`;
    const file = join(running.state.directory, 'config');
    writeFileSync(file, `[profile me]\n${keys}${region}\n[profile inspector]\n${inspector}${region}`);
    vi.stubEnv('AWS_ENDPOINT_URL', running.endpoint.url);
    vi.stubEnv('AWS_CONFIG_FILE', file).stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(running.state.directory, 'none'));
    const client = new DynamoDBClient({ profile: 'inspector', maxAttempts: 1 });
    expect((await client.send(new ScanCommand({ TableName: running.ref('Log') }))).Items).toEqual([]);
    expect(running.calls.at(-1)?.caller).toMatch(/^arn:aws:sts::000000000000:assumed-role\/desk-inspector\//);
  });

  test('is denied for a role that trusts a service only', async () => {
    const { status, value } = await assume(developer, 'WriterRole');
    expect([status, value('Code')]).toEqual([403, 'AccessDenied']);
    expect(value('Message')).toContain(
      'User: arn:aws:iam::000000000000:user/developer is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::000000000000:role/desk-writer',
    );
  });

  test('is denied to a function whose own policies do not allow it, though the role trusts the account', async () => {
    const { status, value } = await assume(running.as('ReaderFunction'), 'InspectorRole');
    expect([status, value('Message')]).toEqual([403, expect.stringContaining('no identity-based policy')]);
  });

  test('is denied for a role that does not exist', async () => {
    const nobody = { RoleArn: 'arn:aws:iam::000000000000:role/nobody' };
    expect((await assume(developer, 'InspectorRole', nobody)).status).toBe(403);
  });

  test('ends the session when its time is over', async () => {
    const answer = await assume(developer, 'InspectorRole', { DurationSeconds: '900' });
    const session = await sessionOf(answer);
    const whoAmI = () => call(session, { Action: 'GetCallerIdentity' });
    expect((await whoAmI()).status).toBe(200);
    offset = 901_000;
    const late = await whoAmI();
    offset = 0;
    expect([late.status, late.value('Code')]).toEqual([403, 'ExpiredToken']);
  });

  test.each([
    ['longer than the role allows', { DurationSeconds: '7201' }],
    ['shorter than a session can be', { DurationSeconds: '60' }],
    ['with a policy that would have to narrow the session', { Policy: '{}' }],
    ['under a name that is none', { RoleSessionName: 'a b' }],
  ])('is refused %s', async (_, more) => {
    const { status, value } = await assume(developer, 'InspectorRole', more);
    expect([status, value('Code')]).toEqual([400, 'ValidationError']);
  });
});

describe('GetCallerIdentity', () => {
  test('tells everybody who they are', async () => {
    const { value } = await call(running.as('WriterFunction'), { Action: 'GetCallerIdentity' });
    expect(value('Arn')).toBe('arn:aws:sts::000000000000:assumed-role/desk-writer/desk-writer');
    expect(value('Account')).toBe('000000000000');
  });

  test('is all a stranger’s key cannot even ask', async () => {
    const stranger = clientOf(running.endpoint, { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' });
    const { status, value } = await call(stranger, { Action: 'GetCallerIdentity' });
    expect([status, value('Code')]).toEqual([403, 'InvalidClientTokenId']);
  });
});

describe('the developer', () => {
  test('may do nothing but assume roles', async () => {
    const failure = await failureOf(new DynamoDBClient(developer).send(new ScanCommand({ TableName: 'Log' })));
    expect(failure.message).toContain('user/developer is not authorized to perform: dynamodb:Scan');
  });

  test('is denied an operation of STS that is not served', async () => {
    const { status, text } = await call(developer, { Action: 'GetSessionToken' });
    expect([status, text]).toEqual([403, expect.stringContaining('sts:GetSessionToken')]);
  });
});
