import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { PRESETS } from '../../infra/settings-shape.ts';
import { context } from './synthesized.ts';

/** What somebody reads who set these, one message a line. */
function complaints(replaced: Readonly<Record<string, unknown>>): string[] {
  try {
    settingsFrom({ ...context, ...replaced });
    return [];
  } catch (error) {
    return (error as Error).message.split('\n');
  }
}

const oidc = (settings: object) => ({
  'gatehouse.identity': {
    kind: 'oidc',
    issuer: 'https://idp.example.com',
    clientId: 'c',
    rolesClaim: 'groups',
    tenantClaim: 'org',
    ...settings,
  },
});

const AN_ISSUER =
  'which is no issuer. Use the https URL from its discovery document, without user name, query, fragment or default port.';
const A_SCOPE = 'which is no scope (RFC 6749 appendix A.4). Use visible ASCII characters, no space, no " and no \\.';
const STAGE = 'which is no name of a stage. Use 1 to 12 lower-case letters and digits, a letter first.';
const A_ROLE = 'which is no ARN of a role. Write it like arn:aws:iam::111122223333:role/break-glass.';

describe('a wrong setting names itself, its value and what to do', () => {
  test.each<[setting: string, value: unknown, complaint: string]>([
    [
      'registration.vetted',
      ['claude', 'chatgtp'],
      `registration.vetted[1] is "chatgtp", which is no preset. Use one of: ${PRESETS.join(', ')}.`,
    ],
    [
      'registration.dcr',
      'open',
      'registration.dcr is "open", which is no mode of registration. Use one of: off, token, vetted.',
    ],
    ['registration.vettd', [], 'registration.vettd is no setting. Settings here: dcr, cimd, vetted.'],
    [
      'identity',
      { kind: 'saml' },
      'identity.kind is "saml", which is no kind of identity provider. Use one of: cognito, workos, oidc.',
    ],
    [
      'identity',
      { kind: 'cognito', issuer: 'https://x.example' },
      'identity.issuer is no setting. Settings here: kind, name, mfa, threatProtection.',
    ],
    [
      'identity',
      { kind: 'workos', clientId: 'c' },
      'identity.issuer is missing. Write the https URL of your provider.',
    ],
    [
      'identity',
      { kind: 'workos', issuer: 'https://a.authkit.app' },
      'identity.clientId is missing. Write the client id it gave this application.',
    ],
    ['scopes.a b', 'x', `scopes has the name "a b", ${A_SCOPE}`],
    ['scopes.a"b', 'x', `scopes has the name "a\\"b", ${A_SCOPE}`],
    ['scopes.a\\b', 'x', `scopes has the name "a\\\\b", ${A_SCOPE}`],
    ['scopes.é', 'x', `scopes has the name "é", ${A_SCOPE}`],
    ['scopes.a', '', 'scopes.a is "", which is empty. Write what the scope allows, for the consent page.'],
    [
      'defaultScopes',
      ['orders:raed'],
      'defaultScopes[0] is "orders:raed", which is not in gatehouse.scopes. Use one of: orders:read, tickets:read, tickets:write, orders:refund.',
    ],
    [
      'roles.reader',
      ['orders:raed'],
      'roles.reader[0] is "orders:raed", which is not in gatehouse.scopes. Use one of: orders:read, tickets:read, tickets:write, orders:refund.',
    ],
    [
      'roles.on call',
      [],
      'roles has the name "on call", but a Cognito group has no space in its name. Write it without.',
    ],
    ['roles', {}, 'roles is {}, so nobody could sign in. Name at least one role.'],
    ['sampleData', 'yes', 'sampleData is "yes", which is neither true nor false. Use true or false.'],
    [
      'refreshGraceSeconds',
      61,
      'refreshGraceSeconds is 61, which is not a number of seconds. Use a whole number from 0 to 60.',
    ],
    [
      'refreshGraceSeconds',
      1.5,
      'refreshGraceSeconds is 1.5, which is not a number of seconds. Use a whole number from 0 to 60.',
    ],
    ['audit.breakGlassRoleArn', 'admin', `audit.breakGlassRoleArn is "admin", ${A_ROLE}`],
    [
      'audit.breakGlassRoleArn',
      'arn:aws:iam::111122223333:user/eve',
      `audit.breakGlassRoleArn is "arn:aws:iam::111122223333:user/eve", ${A_ROLE}`,
    ],
    [
      'throttle.mcp.rate',
      0,
      'throttle.mcp.rate is 0, which is not a number of requests a second. Use a whole number from 1 to 10000.',
    ],
    [
      'throttle.consent',
      {},
      'throttle.consent is no setting. Settings here: well-known, register, authorize, token, mcp.',
    ],
    [
      'tokensPerClient.burst',
      9,
      'tokensPerClient.burst is 9, which is not a number of requests at once. Use a whole number from 10 to 5000.',
    ],
    [
      'concurrency.mcp',
      'many',
      'concurrency.mcp is "many", which is not a number of executions at once. Use a whole number from 1 to 1000.',
    ],
  ])('%s = %j', (setting, value, complaint) => {
    expect(complaints({ [`gatehouse.${setting}`]: value })).toEqual([`cdk.json: gatehouse.${complaint}`]);
  });

  test.each([
    'http://idp.example.com',
    'https://idp.example.com:443',
    'https://me@idp.example.com',
    'https://idp.example.com/?a=b',
    'https://idp.example.com/#x',
    'https://idp.example.com?',
    'https://IDP.example.com',
    'https://idp.example.com/a/../b',
    'idp.example.com',
    '',
  ])('an issuer that a discovery document cannot repeat: %s', (issuer) => {
    expect(complaints(oidc({ issuer }))).toEqual([`cdk.json: gatehouse.identity.issuer is "${issuer}", ${AN_ISSUER}`]);
  });

  test.each([
    'https://idp.example.com',
    'https://idp.example.com/',
    'https://idp.example.com/realms/a',
    'https://idp.example.com:8443/a/',
  ])('an issuer that it can: %s', (issuer) => {
    expect(complaints(oidc({ issuer }))).toEqual([]);
  });

  test.each(['Prod', 'a-b', '1st', 'a123456789012', ''])('a stage that no resource can be named after: %j', (stage) => {
    expect(complaints({ 'gatehouse.stage': stage, 'gatehouse.sampleData': false })).toEqual([
      `cdk.json: gatehouse.stage is "${stage}", ${STAGE}`,
    ]);
  });

  test('sample rows are for stage dev', () => {
    expect(complaints({ 'gatehouse.stage': 'prod' })).toEqual([
      'cdk.json: gatehouse.sampleData is true on stage "prod". Sample rows belong to stage dev: use false.',
    ]);
  });

  test('more scopes than the environment of a function can hold', () => {
    const scopes = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`thing-${at}:read`, 'See things of this kind']),
    );
    const [complaint] = complaints({
      'gatehouse.scopes': { ...scopes, 'orders:read': 'x' },
      'gatehouse.defaultScopes': [],
      'gatehouse.roles': { a: [] },
    });
    expect(complaint).toMatch(
      /^cdk\.json: gatehouse\.scopes takes \d{4} bytes together with roles and defaultScopes\. Lambda leaves room for 2500: /,
    );
  });
});

test('all problems are told at once, those of one setting and those between two', () => {
  const told = complaints({
    'gatehouse.stage': 'Prod',
    'gatehouse.sampleData': false,
    'gatehouse.registration.vetted': ['chatgtp'],
    'gatehouse.defaultScopes': ['none'],
  });
  expect(told.map((complaint) => complaint.split(' ')[1])).toEqual([
    'gatehouse.stage',
    'gatehouse.registration.vetted[0]',
    'gatehouse.defaultScopes[0]',
  ]);
});

test('settings that are missing altogether are told with where they belong', () => {
  expect(() => settingsFrom({})).toThrow(
    'cdk.json: the context key "gatehouse" is missing. infra/README.md has an example.',
  );
});

test('what is not set has a default that is safe', () => {
  const { sampleData: _, refreshGraceSeconds: __, ...necessary } = context.gatehouse as Record<string, unknown>;
  expect(settingsFrom({ gatehouse: necessary })).toMatchObject({
    sampleData: false,
    refreshGraceSeconds: 10,
    audit: { retentionDays: 365 },
    logRetentionDays: 365,
    concurrency: { reserved: true },
  });
});

test('the command line replaces single settings, and its text means what it says', () => {
  const settings = settingsFrom({
    ...context,
    'gatehouse.stage': 'prod',
    'gatehouse.sampleData': 'false',
    'gatehouse.throttle.mcp.rate': '7',
  });
  expect(settings).toMatchObject({ stage: 'prod', sampleData: false, throttle: { mcp: { rate: 7, burst: 200 } } });
});

test('the settings of cdk.json are not changed by reading them', () => {
  const before = structuredClone(context);
  settingsFrom({ ...context, 'gatehouse.stage': 'prod', 'gatehouse.sampleData': false });
  expect(context).toEqual(before);
});

test('the app ends with exit code 1 and the sentence alone', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['infra/app.ts'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      ...process.env,
      CDK_CONTEXT_JSON: JSON.stringify({ 'gatehouse.stage': 'Prod', 'gatehouse.sampleData': false }),
    },
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: `cdk.json: gatehouse.stage is "Prod", ${STAGE}\n`,
  });
});
