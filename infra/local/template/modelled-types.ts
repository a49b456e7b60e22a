import type { Resource } from './assembly.ts';
import { globalArn, physicalName, physicalSuffix, physicalUuid, regionalArn } from './physical-id.ts';

/**
 * What the template cannot know: the addresses of the local gateway and identity provider, its client, and the data of
 * custom resources that have run (undefined until then).
 */
export type Outside = {
  readonly issuer: string;
  readonly identityProviderUrl: string;
  readonly identityClient: { readonly id: string; readonly secret: string };
  readonly customResourceData: (resource: Resource) => Record<string, string> | undefined;
};

/** One resource, as a model sees it. */
export type Facts = {
  readonly resource: Resource;
  /** The physical name: the one the template gives, or the deterministic one. */
  readonly name: string;
  /** A property as text, resolved; undefined when the template does not give it. */
  readonly property: (name: string) => string | undefined;
  /** What `Ref` gives for the resource that this property refers to. */
  readonly outside: Outside;
};

type Fact = (facts: Facts) => string;

/** How AWS documents one resource type's return values. */
export type Model = {
  /** The property that fixes the physical name, where the type has one. */
  readonly named?: string;
  /** Longest physical name that AWS accepts. */
  readonly limit?: number;
  /** Names of this type are lower-case. */
  readonly lowerCase?: boolean;
  /** What `Ref` gives; the physical name unless said otherwise. */
  readonly ref?: Fact;
  readonly arn?: Fact;
  readonly attributes?: Readonly<Record<string, Fact>>;
};

const tableArn: Fact = ({ name }) => regionalArn('dynamodb', `table/${name}`);
const table: Model = {
  named: 'TableName',
  limit: 255,
  arn: tableArn,
  attributes: { Arn: tableArn, TableId: ({ resource }) => physicalUuid(resource) },
};

const keyArn: Fact = ({ resource }) => regionalArn('kms', `key/${physicalUuid(resource)}`);
const secretArn: Fact = ({ name, resource }) =>
  regionalArn('secretsmanager', `secret:${name}-${physicalSuffix(resource, 6)}`);
const clusterArn: Fact = ({ name }) => regionalArn('rds', `cluster:${name}`);
const functionArn: Fact = ({ name }) => regionalArn('lambda', `function:${name}`);
const roleArn: Fact = ({ name, property }) => globalArn('iam', `role${property('Path') ?? '/'}${name}`);
const logGroupArn: Fact = ({ name }) => regionalArn('logs', `log-group:${name}:*`);
const bucketArn: Fact = ({ name }) => `arn:aws:s3:::${name}`;
const ruleArn: Fact = ({ name }) => regionalArn('events', `rule/${name}`);
const scheduleArn: Fact = ({ name, property }) =>
  regionalArn('scheduler', `schedule/${property('GroupName') ?? 'default'}/${name}`);
const poolId: Fact = ({ resource }) => `us-east-1_${physicalSuffix(resource, 9)}`;
const poolArn: Fact = (facts) => regionalArn('cognito-idp', `userpool/${poolId(facts)}`);
const apiId: Fact = ({ resource }) => physicalSuffix(resource, 10);
const clientId: Fact = ({ outside }) => outside.identityClient.id;
const shortId: Model = { ref: ({ resource }) => physicalSuffix(resource, 7) };

/** Every resource type the local cloud stands for. Custom::* is modelled by the resolver: its attributes are data. */
export const MODELS: ReadonlyMap<string, Model> = new Map<string, Model>([
  ['AWS::DynamoDB::Table', table],
  ['AWS::DynamoDB::GlobalTable', table],
  [
    'AWS::KMS::Key',
    {
      ref: ({ resource }) => physicalUuid(resource),
      arn: keyArn,
      attributes: { Arn: keyArn, KeyId: ({ resource }) => physicalUuid(resource) },
    },
  ],
  ['AWS::KMS::Alias', { named: 'AliasName', arn: ({ name }) => regionalArn('kms', name) }],
  [
    'AWS::RDS::DBCluster',
    {
      named: 'DBClusterIdentifier',
      limit: 63,
      lowerCase: true,
      arn: clusterArn,
      attributes: {
        DBClusterArn: clusterArn,
        'Endpoint.Address': () => 'localhost',
        'Endpoint.Port': () => '5432',
        'ReadEndpoint.Address': () => 'localhost',
        DBClusterResourceId: ({ resource }) => `cluster-${physicalSuffix(resource, 26).toUpperCase()}`,
      },
    },
  ],
  [
    'AWS::SecretsManager::Secret',
    { named: 'Name', limit: 500, ref: secretArn, arn: secretArn, attributes: { Id: secretArn } },
  ],
  ['AWS::SecretsManager::SecretTargetAttachment', { ref: ({ property }) => property('SecretId') ?? '' }],
  ['AWS::SecretsManager::ResourcePolicy', { ref: ({ property }) => property('SecretId') ?? '' }],
  ['AWS::Lambda::Function', { named: 'FunctionName', limit: 64, arn: functionArn, attributes: { Arn: functionArn } }],
  [
    'AWS::Lambda::Version',
    {
      ref: ({ property }) => regionalArn('lambda', `function:${property('FunctionName')}:1`),
      arn: ({ property }) => regionalArn('lambda', `function:${property('FunctionName')}:1`),
      attributes: { Version: () => '1' },
    },
  ],
  ['AWS::Lambda::Permission', {}],
  [
    'AWS::IAM::Role',
    {
      named: 'RoleName',
      limit: 64,
      arn: roleArn,
      attributes: {
        Arn: roleArn,
        RoleId: ({ resource }) => `AROA${physicalSuffix(resource, 17).toUpperCase()}`,
      },
    },
  ],
  ['AWS::IAM::Policy', { named: 'PolicyName', limit: 128 }],
  ['AWS::Logs::LogGroup', { named: 'LogGroupName', limit: 512, arn: logGroupArn, attributes: { Arn: logGroupArn } }],
  [
    'AWS::ApiGatewayV2::Api',
    {
      ref: apiId,
      arn: (facts) => `arn:aws:apigateway:us-east-1::/apis/${apiId(facts)}`,
      attributes: { ApiId: apiId, ApiEndpoint: ({ outside }) => outside.issuer },
    },
  ],
  ['AWS::ApiGatewayV2::Stage', { named: 'StageName' }],
  ['AWS::ApiGatewayV2::Route', shortId],
  ['AWS::ApiGatewayV2::Integration', shortId],
  [
    'AWS::Cognito::UserPool',
    {
      ref: poolId,
      arn: poolArn,
      attributes: {
        Arn: poolArn,
        UserPoolId: poolId,
        ProviderURL: ({ outside }) => outside.identityProviderUrl,
        ProviderName: ({ outside }) => outside.identityProviderUrl.replace(/^https?:\/\//, ''),
      },
    },
  ],
  [
    'AWS::Cognito::UserPoolClient',
    {
      ref: clientId,
      attributes: { ClientId: clientId, ClientSecret: ({ outside }) => outside.identityClient.secret },
    },
  ],
  ['AWS::Cognito::UserPoolDomain', { named: 'Domain' }],
  ['AWS::Cognito::UserPoolGroup', { named: 'GroupName' }],
  [
    'AWS::S3::Bucket',
    {
      named: 'BucketName',
      limit: 63,
      lowerCase: true,
      arn: bucketArn,
      attributes: {
        Arn: bucketArn,
        DomainName: ({ name }) => `${name}.s3.amazonaws.com`,
        RegionalDomainName: ({ name }) => `${name}.s3.us-east-1.amazonaws.com`,
      },
    },
  ],
  ['AWS::S3::BucketPolicy', {}],
  ['AWS::Events::Rule', { named: 'Name', limit: 64, arn: ruleArn, attributes: { Arn: ruleArn } }],
  ['AWS::Scheduler::Schedule', { named: 'Name', limit: 64, arn: scheduleArn, attributes: { Arn: scheduleArn } }],
]);

/** The physical name that no property fixes. */
export function defaultName(resource: Resource, model: Model): string {
  const name = physicalName(resource, model.limit ?? 128);
  return model.lowerCase ? name.toLowerCase() : name;
}
