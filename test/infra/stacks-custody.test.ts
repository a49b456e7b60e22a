import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { listOf, ofType, PRODUCTION, readable, synthesized } from './synthesized.ts';

const dev = synthesized();
const prod = synthesized(PRODUCTION);

const SECRETS = 'AWS::SecretsManager::Secret';

type Statement = {
  readonly Action: string | readonly string[];
  readonly Condition?: Record<string, Record<string, unknown>>;
};

describe('keys', () => {
  type Key = {
    readonly KeyPolicy: { readonly Statement: readonly Statement[] };
    readonly KeySpec: string;
    readonly KeyUsage: string;
  };
  const keys = Object.entries(ofType<Key>(dev.data, 'AWS::KMS::Key'));

  test('are of one kind each, and used by the roles of their functions only', () => {
    const uses = keys.map(([id, { Properties }]) => {
      const [, use, ...others] = Properties.KeyPolicy.Statement;
      expect(others).toEqual([]);
      const roles = listOf(use?.Condition?.ArnEquals?.['aws:PrincipalArn']).map(readable).join(', ');
      return `${id.slice(0, -8)} ${Properties.KeySpec} ${Properties.KeyUsage} ${use?.Action} by ${roles}`;
    });
    expect(uses).toEqual([
      'AuditMacKey HMAC_256 GENERATE_VERIFY_MAC kms:GenerateMac by role/gatehouse-dev-mcp-Region, role/gatehouse-dev-mcp-write-Region',
      'AuditSigningKey ECC_NIST_P256 SIGN_VERIFY kms:Sign by role/gatehouse-dev-seal-Region',
      'TokenKey ECC_NIST_P256 SIGN_VERIFY kms:Sign by role/gatehouse-dev-token-Region',
    ]);
  });

  test('are named by roles that exist under these names', () => {
    const roles = Object.values(ofType<{ RoleName?: unknown }>(dev.service, 'AWS::IAM::Role'));
    const names = roles.flatMap(({ Properties: { RoleName } }) => (RoleName === undefined ? [] : [readable(RoleName)]));
    expect(names).toEqual(
      expect.arrayContaining(['mcp', 'mcp-write', 'seal', 'token'].map((name) => `gatehouse-dev-${name}-Region`)),
    );
  });

  test('can be administered by the account and neither used, exported nor granted by it', () => {
    for (const [, { Properties }] of keys) {
      const actions = listOf(Properties.KeyPolicy.Statement[0]?.Action ?? []);
      expect(
        actions.filter((action) => /[*]|Sign$|Mac|crypt|DataKey|CreateGrant|Import|Parameters/.test(action)),
      ).toEqual([]);
      expect(actions).toContain('kms:PutKeyPolicy');
    }
  });
});

describe('the database', () => {
  test('is Aurora Serverless v2 with the Data API, encrypted, and asleep when nobody calls', () => {
    dev.data.hasResourceProperties('AWS::RDS::DBCluster', {
      Engine: 'aurora-postgresql',
      EngineVersion: Match.stringLikeRegexp('^17\\.'),
      DatabaseName: 'gatehouse',
      EnableHttpEndpoint: true,
      EnableIAMDatabaseAuthentication: true,
      StorageEncrypted: true,
      ServerlessV2ScalingConfiguration: { MinCapacity: 0, MaxCapacity: 2, SecondsUntilAutoPause: 300 },
    });
  });

  test('has no way in or out: no gateway, no NAT, no rule that admits, no public address', () => {
    for (const type of [
      'InternetGateway',
      'NatGateway',
      'EgressOnlyInternetGateway',
      'SecurityGroupIngress',
      'Route',
    ]) {
      dev.data.resourceCountIs(`AWS::EC2::${type}`, 0);
    }
    dev.data.allResourcesProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() });
    dev.data.allResourcesProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
    dev.data.allResourcesProperties('AWS::RDS::DBInstance', { PubliclyAccessible: false });
  });

  test('has it on record what reached its network, and keeps it as long as other logs', () => {
    dev.data.hasResourceProperties('AWS::EC2::FlowLog', {
      ResourceType: 'VPC',
      ResourceId: { Ref: Object.keys(ofType(dev.data, 'AWS::EC2::VPC'))[0] },
      TrafficType: 'ALL',
      LogDestinationType: 'cloud-watch-logs',
      LogGroupName: { Ref: Object.keys(ofType(dev.data, 'AWS::Logs::LogGroup'))[0] },
    });
    dev.data.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
  });

  test('has three users, each with a secret whose password is letters and digits', () => {
    for (const username of ['gatehouse_admin', 'mcp_reader', 'mcp_writer']) {
      dev.data.hasResourceProperties(SECRETS, {
        GenerateSecretString: {
          SecretStringTemplate: JSON.stringify({ username }),
          GenerateStringKey: 'password',
          ExcludePunctuation: true,
          PasswordLength: 40,
        },
      });
    }
  });

  test('cannot keep a prepared transaction beyond a rollback', () => {
    dev.data.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Parameters: { max_prepared_transactions: '0', 'rds.force_ssl': '1' },
    });
  });
});

describe('people', () => {
  test('are invited, have a group for each role, and a second factor outside dev', () => {
    prod.data.hasResourceProperties('AWS::Cognito::UserPool', {
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
      Schema: Match.arrayWith([Match.objectLike({ Name: 'tenant' })]),
    });
    dev.data.hasResourceProperties('AWS::Cognito::UserPool', { MfaConfiguration: 'OPTIONAL' });
    for (const role of ['reader', 'editor']) {
      dev.data.hasResourceProperties('AWS::Cognito::UserPoolGroup', { GroupName: role });
    }
    dev.data.hasResourceProperties('AWS::Cognito::UserPoolDomain', { ManagedLoginVersion: 2 });
  });

  test('are elsewhere when the identity provider is: no pool, and a secret that waits to be filled', () => {
    const { data } = synthesized({
      'gatehouse.identity': { kind: 'workos', issuer: 'https://acme.authkit.app', clientId: 'client_1' },
    });
    data.resourceCountIs('AWS::Cognito::UserPool', 0);
    data.hasResourceProperties(SECRETS, {
      Description: Match.stringLikeRegexp('client_1 at https://acme.authkit.app .* put-secret-value'),
      SecretString: Match.absent(),
      GenerateSecretString: Match.absent(),
    });
  });
});
