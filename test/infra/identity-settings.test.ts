import { readFileSync } from 'node:fs';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { context, listOf, ofType, PRODUCTION, readable, synthesized } from './synthesized.ts';

/** The identity settings: what the README shows is taken, and what the stacks make of it. */
const FUNCTIONS = 'AWS::Lambda::Function';
const SECRETS = 'AWS::SecretsManager::Secret';
const WORKOS = { kind: 'workos', issuer: 'https://acme.authkit.app', clientId: 'client_1' };
const OIDC = { kind: 'oidc', issuer: 'https://idp.example.com', clientId: 'c', rolesClaim: 'r', tenantClaim: 't' };
const stacksOf = (identity: object) => synthesized({ 'gatehouse.identity': identity });

type Role = {
  readonly Policies: readonly {
    readonly PolicyName: string;
    readonly PolicyDocument: {
      readonly Statement: readonly { readonly Action: string | string[]; readonly Resource: unknown }[];
    };
  }[];
};

/** The secrets that the authorize function may read. */
function readableSecrets(identity: object): readonly string[] {
  const roles = Object.values(ofType<Role>(stacksOf(identity).service, 'AWS::IAM::Role'));
  const policies = roles.flatMap(({ Properties }) => Properties.Policies);
  const statements = policies
    .filter(({ PolicyName }) => PolicyName === 'authorize')
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  const reading = statements.filter(({ Action }) => listOf(Action).includes('secretsmanager:GetSecretValue'));
  return reading.flatMap(({ Resource }) => listOf(Resource)).map(readable);
}

const IDENTITIES = ['cognito', 'workos', 'oidc'];

describe('the README of infra', () => {
  const readme = readFileSync('infra/README.md', 'utf8');
  const snippets = [...readme.matchAll(/```json\n([\s\S]*?)```/g)]
    .map(([, text = '']) => JSON.parse(text) as { readonly kind?: string })
    .filter(({ kind = '' }) => IDENTITIES.includes(kind));

  test('shows settings of every kind that are taken', () => {
    expect(new Set(snippets.map(({ kind }) => kind))).toEqual(new Set(IDENTITIES));
    for (const identity of snippets) {
      expect(settingsFrom({ ...context, 'gatehouse.identity': identity }).identity).toMatchObject(identity);
    }
  });

  test('names outputs that exist', () => {
    const named = new Set([...readme.matchAll(/<((?:Identity|Workos)\w+Arn)>/g)].map(([, name = '']) => name));
    expect(named).toEqual(new Set(['IdentitySecretArn', 'WorkosApiKeyArn']));
    const { service } = stacksOf(WORKOS);
    for (const name of named) expect(Object.keys(service.findOutputs(name))).toEqual([name]);
  });
});

describe('identity cognito', () => {
  const POOLS = 'AWS::Cognito::UserPool';
  const cognito = (identity: object, stage: object = PRODUCTION) =>
    synthesized({ ...stage, 'gatehouse.identity': { kind: 'cognito', ...identity } });

  test.each([
    ['required outside dev', {}, PRODUCTION, 'ON'],
    ['optional on dev', {}, {}, 'OPTIONAL'],
    ['as the setting says: required', { mfa: 'required' }, {}, 'ON'],
    ['as the setting says: optional', { mfa: 'optional' }, PRODUCTION, 'OPTIONAL'],
    ['as the setting says: off', { mfa: 'off' }, PRODUCTION, 'OFF'],
  ])('a second factor is %s', (_, identity, stage, expected) => {
    cognito(identity, stage).data.hasResourceProperties(POOLS, {
      MfaConfiguration: expected,
      EnabledMfas: expected === 'OFF' ? Match.absent() : ['SOFTWARE_TOKEN_MFA'],
    });
  });

  test('threat protection is off and costs nothing, until the setting buys the plan that has it', () => {
    cognito({}).data.hasResourceProperties(POOLS, { UserPoolTier: 'ESSENTIALS', UserPoolAddOns: Match.absent() });
    cognito({ threatProtection: true }).data.hasResourceProperties(POOLS, {
      UserPoolTier: 'PLUS',
      UserPoolAddOns: { AdvancedSecurityMode: 'ENFORCED' },
    });
  });

  test('a password has 15 characters, and no rule says of which kinds', () => {
    cognito({}).data.hasResourceProperties(POOLS, {
      Policies: {
        PasswordPolicy: {
          MinimumLength: 15,
          RequireLowercase: Match.absent(),
          RequireNumbers: Match.absent(),
          RequireSymbols: Match.absent(),
          RequireUppercase: Match.absent(),
        },
      },
    });
  });

  test('our client has a secret, the code flow alone, pages to sign in on, and tokens that live minutes', () => {
    const { service } = cognito({});
    service.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      GenerateSecret: true,
      AllowedOAuthFlows: ['code'],
      ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'],
      PreventUserExistenceErrors: 'ENABLED',
      WriteAttributes: ['email'],
      IdTokenValidity: 5,
      AccessTokenValidity: 5,
      RefreshTokenValidity: 60,
      TokenValidityUnits: { IdToken: 'minutes', AccessToken: 'minutes', RefreshToken: 'minutes' },
    });
    service.hasResourceProperties('AWS::Cognito::ManagedLoginBranding', { UseCognitoProvidedValues: true });
  });
});

describe('identity workos', () => {
  test('makes two empty secrets, and tells the authorize function where they and the API are', () => {
    const { data, service } = stacksOf({ ...WORKOS, apiKeySecret: 'acme/workos-api-key' });
    data.hasResourceProperties(SECRETS, { Name: 'acme/workos-api-key', SecretString: Match.absent() });
    service.hasResourceProperties(FUNCTIONS, {
      Environment: {
        Variables: Match.objectLike({
          IDENTITY_KIND: 'workos',
          IDENTITY_ROLES_CLAIM: 'role',
          IDENTITY_ROLES_SEPARATOR: 'none',
          IDENTITY_TENANT_CLAIM: 'org_id',
          WORKOS_API_URL: 'https://api.workos.com',
          WORKOS_API_KEY_ARN: Match.anyValue(),
        }),
      },
    });
  });

  test('lets the authorize function read exactly these two', () => {
    expect(readableSecrets(WORKOS)).toEqual(['IdentitySecret', 'WorkosApiKey']);
  });
});

describe('any other identity', () => {
  test('has no API key: none to read, and none made', () => {
    expect(readableSecrets(OIDC)).toEqual(['IdentitySecret']);
    expect(readableSecrets({ kind: 'cognito' })).toEqual(['SignInSecret']);
    const { data, service } = stacksOf({ ...OIDC, rolesSeparator: 'comma' });
    expect(Object.keys(ofType(data, SECRETS)).filter((id) => /Workos/.test(id))).toEqual([]);
    service.hasResourceProperties(FUNCTIONS, {
      Environment: {
        Variables: Match.objectLike({ IDENTITY_ROLES_SEPARATOR: 'comma', WORKOS_API_URL: Match.absent() }),
      },
    });
  });
});

test.each([
  [
    { ...OIDC, rolesSeparator: ';' },
    {},
    'identity.rolesSeparator is ";", which is no separator of roles. Use one of: space, comma.',
  ],
  [
    { ...WORKOS, apiKeySecret: 'a b' },
    {},
    'identity.apiKeySecret is "a b", which is no name of a secret. Use letters, digits and /_+=.@-.',
  ],
  [
    { ...OIDC, rolesSeparator: 'comma' },
    { 'gatehouse.roles': { 'a,b': ['orders:read'] } },
    'roles has the name "a,b", which identity.rolesSeparator takes apart. Write it without.',
  ],
  [
    { kind: 'cognito', mfa: 'sometimes' },
    {},
    'identity.mfa is "sometimes", which is no rule about a second factor. Use one of: required, optional, off.',
  ],
  [
    { kind: 'cognito', threatProtection: 'on' },
    {},
    'identity.threatProtection is "on", which is neither true nor false. Use true or false.',
  ],
  [
    { ...OIDC, mfa: 'off' },
    {},
    'identity.mfa is no setting. Settings here: kind, name, issuer, clientId, rolesClaim, rolesSeparator, tenantClaim.',
  ],
])('%j is told in a sentence', (identity, more, complaint) => {
  expect(() => settingsFrom({ ...context, 'gatehouse.identity': identity, ...more })).toThrow(
    `cdk.json: gatehouse.${complaint}`,
  );
});
