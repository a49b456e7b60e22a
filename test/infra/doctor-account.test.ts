import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { findAccount } from '../../infra/cli/doctor/account.ts';
import { type Finding, run } from '../../infra/cli/doctor/finding.ts';
import { secretChecks } from '../../infra/cli/doctor/outputs.ts';
import { AURORA_VERSION, regionChecks, reservedExecutions } from '../../infra/cli/doctor/region.ts';
import { readRequest } from '../../infra/local/aws/request.ts';
import { claimedService, verifySignature } from '../../infra/local/aws/signature.ts';
import { settingsFrom } from '../../infra/settings.ts';
import { context, ofType, synthesized } from './synthesized.ts';

/** What `gatehouse doctor` asks AWS before a deployment: over HTTP, from a stand-in that verifies every signature. */
const KEYS = { accessKeyId: 'ASIADOCTOR', secretAccessKey: 'the secret key', sessionToken: 'the/session+token==' };
const ACCOUNT = '111122223333';
const SECRET = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:IdentitySecret-AbCdEf`;

/** What the account is like; a test changes what it is about. */
const right = () => ({
  bootstrap: { status: 200, body: '{"Parameter":{"Value":"28"}}' },
  engine: `<DBEngineVersion><EngineVersion>${AURORA_VERSION}</EngineVersion></DBEngineVersion>`,
  executions: 1_000,
  certificate: { Status: 'ISSUED', SubjectAlternativeNames: ['mcp.example.com'] },
  versions: { v1: ['AWSCURRENT'] } as Record<string, string[]>,
});
let account = right();
const asked: string[] = [];

const aws = createServer(async (message, response) => {
  const answer = (status: number, body: string) => response.writeHead(status).end(body);
  const request = await readRequest(message);
  const service = claimedService(request);
  try {
    verifySignature(request, (id) => (id === KEYS.accessKeyId ? KEYS : undefined), Date.now());
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'InvalidSignatureException';
    return answer(403, `<Error><Code>${code}</Code><Message>${(error as Error).message}</Message></Error>`);
  }
  const target = request.headers.get('x-amz-target') ?? new URLSearchParams(String(request.body)).get('Action');
  asked.push(`${service} ${target ?? request.path}`);
  switch (service) {
    case 'sts':
      return answer(200, `<Arn>arn:aws:sts::${ACCOUNT}:assumed-role/Deployer/ada</Arn><Account>${ACCOUNT}</Account>`);
    case 'ssm':
      return answer(account.bootstrap.status, account.bootstrap.body);
    case 'acm':
      return answer(200, JSON.stringify({ Certificate: account.certificate }));
    case 'rds':
      return answer(200, account.engine);
    case 'lambda':
      return answer(200, JSON.stringify({ AccountLimit: { ConcurrentExecutions: account.executions } }));
    default:
      return answer(200, JSON.stringify({ ARN: SECRET, VersionIdsToStages: account.versions }));
  }
});
let endpoint: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => aws.close(resolve).closeAllConnections()));

beforeEach(() => {
  account = right();
  asked.length = 0;
  for (const name of Object.keys(process.env).filter((each) => each.startsWith('AWS_'))) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function signedIn(secret = KEYS.secretAccessKey) {
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret);
  vi.stubEnv('AWS_SESSION_TOKEN', KEYS.sessionToken);
}

async function look(replaced: Readonly<Record<string, unknown>> = {}): Promise<Readonly<Record<string, Finding>>> {
  signedIn();
  const found = await findAccount(endpoint);
  if ('outcome' in found) throw new Error(found.outcome.says);
  const settings = settingsFrom({ ...context, ...replaced });
  const findings = await run(regionChecks(settings, found.account), () => undefined);
  return Object.fromEntries(findings.map((finding) => [finding.name, finding]));
}

describe('the account', () => {
  test('is the one of the credentials, by a signature that verifies', async () => {
    signedIn();
    expect(await findAccount(endpoint)).toMatchObject({ account: { id: ACCOUNT, region: 'us-east-1' } });
    expect(asked).toEqual(['sts GetCallerIdentity']);
  });

  test('is not taken on a key that AWS does not know', async () => {
    signedIn('another key');
    expect(await findAccount(endpoint)).toMatchObject({
      outcome: { status: 'fail', says: expect.stringContaining('AWS does not take these credentials') },
    });
  });

  test('is not checked without a region, without credentials, or without a network', async () => {
    expect(await findAccount(endpoint)).toMatchObject({
      outcome: { status: 'not checked', says: 'no AWS region is set. Set AWS_REGION.' },
    });
    vi.stubEnv('AWS_REGION', 'us-east-1');
    expect(await findAccount(endpoint)).toMatchObject({
      outcome: { status: 'not checked', says: expect.stringContaining('no AWS credentials') },
    });
    signedIn();
    expect(await findAccount('http://127.0.0.1:1')).toMatchObject({
      outcome: { status: 'not checked', says: expect.stringContaining('ECONNREFUSED') },
    });
  });
});

describe('the region', () => {
  test('has all that a deployment needs', async () => {
    const findings = await look();
    expect(Object.values(findings).map(({ name, status }) => [name, status])).toEqual([
      ['CDK bootstrap', 'ok'],
      ['Aurora in this region', 'ok'],
      ['Lambda concurrency', 'ok'],
    ]);
    expect(asked).toEqual([
      'sts GetCallerIdentity',
      'ssm AmazonSSM.GetParameter',
      'rds DescribeDBEngineVersions',
      'lambda /2016-08-19/account-settings',
    ]);
  });

  const missing = { status: 400, body: '{"__type":"ParameterNotFound"}' };
  const denied = { status: 400, body: '{"__type":"AccessDeniedException","Message":"not you"}' };
  const old = { status: 200, body: '{"Parameter":{"Value":"5"}}' };
  test.each<[string, keyof typeof account, unknown, string, Finding['status'], string]>([
    [
      'is not bootstrapped',
      'bootstrap',
      missing,
      'CDK bootstrap',
      'fail',
      'npx cdk bootstrap aws://111122223333/us-east-1',
    ],
    ['has an old bootstrap', 'bootstrap', old, 'CDK bootstrap', 'fail', 'has bootstrap 5; 6 or newer is needed'],
    ['does not let one look', 'bootstrap', denied, 'CDK bootstrap', 'not checked', 'AccessDeniedException: not you'],
    ['has no such Aurora', 'engine', '<DBEngineVersions/>', 'Aurora in this region', 'fail', 'does not offer Aurora'],
    [
      'is a new account’s',
      'executions',
      10,
      'Lambda concurrency',
      'fail',
      'may run 10 executions at once, and 227 are needed',
    ],
  ])('%s', async (_, what, value, name, status, says) => {
    account = { ...account, [what]: value };
    expect((await look())[name]).toMatchObject({ status, says: expect.stringContaining(says) });
  });

  test('of few executions is enough where none is reserved', async () => {
    account.executions = 10;
    const findings = await look({ 'gatehouse.concurrency': { reserved: false } });
    expect(findings['Lambda concurrency']).toMatchObject({ status: 'ok' });
  });

  const OF = (region: string, owner = ACCOUNT) =>
    `arn:aws:acm:${region}:${owner}:certificate/12345678-1234-1234-1234-123456789012`;
  const WEB_ACL = 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/WebAcl/12345678-1234-1234-1234-123456789012';
  const CLOUDFRONT = { kind: 'cloudfront', webAclArn: WEB_ACL };
  test.each<[string, string, object, Partial<typeof account.certificate>, Finding['status'], string]>([
    ['the stack’s', OF('us-east-1'), {}, {}, 'ok', 'issued in us-east-1, for mcp.example.com'],
    ['for every name of the zone', OF('us-east-1'), {}, { SubjectAlternativeNames: ['*.example.com'] }, 'ok', 'issued'],
    ['CloudFront’s', OF('us-east-1'), CLOUDFRONT, {}, 'ok', 'issued in us-east-1'],
    ['another region’s', OF('eu-west-1'), {}, {}, 'fail', 'its own region, us-east-1'],
    ['another account’s', OF('us-east-1', '999988887777'), {}, {}, 'fail', 'is of account 999988887777'],
    ['not validated yet', OF('us-east-1'), {}, { Status: 'PENDING_VALIDATION' }, 'fail', 'is PENDING_VALIDATION'],
    [
      'for another name',
      OF('us-east-1'),
      {},
      { SubjectAlternativeNames: ['example.com'] },
      'fail',
      'is for example.com',
    ],
  ])('has a certificate that is %s', async (_, certificateArn, edge, change, status, says) => {
    account.certificate = { ...account.certificate, ...change };
    const domain = { name: 'mcp.example.com', certificateArn };
    const behind = { kind: 'none', ...edge };
    const findings = await look({ 'gatehouse.domain': domain, 'gatehouse.edge': behind });
    expect(findings.certificate).toMatchObject({ status, says: expect.stringContaining(says) });
  });

  test('is asked for what the template says: this engine, and this many executions', { timeout: 90_000 }, () => {
    for (const replaced of [{}, NO_DATABASE]) {
      const { data, service } = synthesized(replaced);
      for (const { Properties } of Object.values(ofType<{ EngineVersion: string }>(data, 'AWS::RDS::DBCluster'))) {
        expect(Properties.EngineVersion).toBe(AURORA_VERSION);
      }
      const functions = ofType<{ ReservedConcurrentExecutions: number }>(service, 'AWS::Lambda::Function');
      const sum = Object.values(functions).reduce((all, { Properties: p }) => all + p.ReservedConcurrentExecutions, 0);
      expect(reservedExecutions(settingsFrom({ ...context, ...replaced }))).toBe(sum);
    }
  });
});

const NO_DATABASE = { 'gatehouse.database': { kind: 'none' }, 'gatehouse.sampleData': false };

describe('the identity secret', () => {
  const secret = async () => {
    signedIn();
    const checks = secretChecks({ IdentitySecretArn: SECRET, McpUrl: 'x' }, await findAccount(endpoint));
    return run(checks, () => undefined);
  };

  test('is filled when it has a value, which nobody reads', async () => {
    expect(await secret()).toEqual([{ name: 'identity secret', status: 'ok', says: 'has a value' }]);
    expect(asked).toEqual(['sts GetCallerIdentity', 'secretsmanager secretsmanager.DescribeSecret']);
  });

  test('is empty after the first deployment, and then the command that fills it is named', async () => {
    account.versions = {};
    const [finding] = await secret();
    expect(finding).toMatchObject({
      status: 'fail',
      says: expect.stringContaining(`put-secret-value --secret-id ${SECRET}`),
    });
  });

  test('is not checked without credentials, and is no question where the stack fills it', async () => {
    const found = await findAccount(endpoint);
    const [finding] = await run(secretChecks({ IdentitySecretArn: SECRET }, found), () => undefined);
    expect(finding).toMatchObject({ status: 'not checked' });
    expect(secretChecks({ UserPoolId: 'p' }, found)).toEqual([]);
  });
});
