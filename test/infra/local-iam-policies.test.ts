import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { parsePolicy } from '../../infra/local/iam/policy.ts';
import { collectResourcePolicies } from '../../infra/local/iam/resource-policies.ts';
import { collectRoles } from '../../infra/local/iam/roles.ts';
import { loadAssembly } from '../../infra/local/template/assembly.ts';
import type { Json, JsonObject } from '../../infra/local/template/json.ts';
import { createResolver } from '../../infra/local/template/resolver.ts';
import { FIXTURE, OUTSIDE } from './fixtures/running-endpoint.ts';

let directory: string;
const directories: string[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-iam-'));
  directories.push(directory);
});
afterAll(() => {
  for (const each of directories) rmSync(each, { recursive: true, force: true });
});

const policy = (...statements: JsonObject[]): JsonObject => ({ Version: '2012-10-17', Statement: statements });
const allow = (more: JsonObject = {}): JsonObject => ({ Effect: 'Allow', Action: 's3:Get*', Resource: '*', ...more });

/** Reads the roles and resource policies of a stack "one" with these resources. */
function collect(resources: JsonObject) {
  const stack = { type: 'aws:cloudformation:stack', properties: { templateFile: 'one.template.json' } };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ artifacts: { one: stack } }));
  writeFileSync(join(directory, 'one.template.json'), JSON.stringify({ Resources: resources }));
  const assembly = loadAssembly(directory);
  const resolver = createResolver(assembly, OUTSIDE);
  return { roles: collectRoles(assembly, resolver), resources: collectResourcePolicies(assembly, resolver) };
}

const trusting = policy({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' });
const role = (properties: JsonObject = {}): JsonObject => ({
  Type: 'AWS::IAM::Role',
  Properties: { RoleName: 'r', AssumeRolePolicyDocument: trusting, ...properties },
});

describe('a role', () => {
  test('has its inline, attached and known managed policies', () => {
    const assembly = loadAssembly(FIXTURE);
    const roles = collectRoles(assembly, createResolver(assembly, OUTSIDE));
    const reader = roles.get('arn:aws:iam::000000000000:role/desk-reader');
    expect(new Set(reader?.identity.map(({ source }) => source))).toEqual(
      new Set([
        'desk-service/ReaderRole (AWS::IAM::Role) Policies',
        'desk-service/ReaderPolicy (AWS::IAM::Policy)',
        'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
      ]),
    );
    expect(roles.get('arn:aws:iam::000000000000:role/desk-inspector')?.maxSessionSeconds).toBe(7200);
  });

  test.each([
    ['the managed policy it does not know', { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }],
    ['a permissions boundary', { PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess' }],
  ])('with %s is refused', (what, properties) => {
    expect(() => collect({ Role: role(properties) })).toThrow(/^one\/Role \(AWS::IAM::Role\)/);
    expect(() => collect({ Role: role(properties) })).toThrow(what.replace(' it does not know', ''));
  });

  test('that a policy is attached to must be in the template', () => {
    const stray = { Type: 'AWS::IAM::Policy', Properties: { Roles: ['gone'], PolicyDocument: policy(allow()) } };
    expect(() => collect({ Stray: stray })).toThrow('the role "gone"');
  });
});

describe('a resource policy', () => {
  test('is found for keys, tables, secrets and buckets', () => {
    const open = policy(allow({ Principal: '*', Action: '*' }));
    const { resources } = collect({
      Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: open } },
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: { TableName: 'Old', ResourcePolicy: { PolicyDocument: open } },
      },
      New: {
        Type: 'AWS::DynamoDB::GlobalTable',
        Properties: { TableName: 'New', Replicas: [{ ResourcePolicy: { PolicyDocument: open } }] },
      },
      Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 's', SecretString: 'x' } },
      SecretPolicy: {
        Type: 'AWS::SecretsManager::ResourcePolicy',
        Properties: { SecretId: { Ref: 'Secret' }, ResourcePolicy: open },
      },
      Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'b' } },
      BucketPolicy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: open } },
    });
    const kinds = [...resources.keys()].map((arn) => arn.replace(/^arn:aws:(\w+):.*$/, '$1'));
    expect(kinds).toEqual(['kms', 'dynamodb', 'dynamodb', 'secretsmanager', 's3']);
  });

  test('of a key without one hands everything to the account', () => {
    const { resources } = collect({ Key: { Type: 'AWS::KMS::Key' } });
    expect([...resources.values()][0]?.[0]?.principals).toEqual([{ kind: 'account', account: '000000000000' }]);
  });

  test('that lets an account invoke a function is refused', () => {
    const permission = { Type: 'AWS::Lambda::Permission', Properties: { Principal: '111111111111' } };
    expect(() => collect({ Permission: permission })).toThrow('one/Permission (AWS::Lambda::Permission): a permission');
  });
});

describe('a policy that is not understood is refused when it is read', () => {
  const conditions: [string, JsonObject][] = [
    ['the condition operator "IpAddress"', { IpAddress: { 'aws:SourceArn': '10.0.0.0/8' } }],
    ['the condition operator "DateLessThan"', { DateLessThan: { 'aws:SourceArn': '2026-01-01' } }],
    ['the condition operator "ForSomeValues:StringEquals"', { 'ForSomeValues:StringEquals': { 'aws:SourceArn': 'x' } }],
    ['the condition operator "NullIfExists"', { NullIfExists: { 'aws:SourceArn': 'true' } }],
    ['the condition key "aws:PrincipalTag/team"', { StringEquals: { 'aws:PrincipalTag/team': 'x' } }],
    ['the condition key "dynamodb:Attributes"', { 'ForAllValues:StringEquals': { 'dynamodb:Attributes': 'x' } }],
    ['needs ForAllValues or ForAnyValue', { StringEquals: { 'dynamodb:LeadingKeys': 'x' } }],
    ['"yes" where true or false is needed', { Bool: { 'aws:SecureTransport': 'yes' } }],
    ['"many" where a number is needed', { NumericEquals: { 's3:object-lock-remaining-retention-days': 'many' } }],
    ['"role/x" where an ARN is needed', { ArnLike: { 'aws:PrincipalArn': 'role/x' } }],
    ['"arn:aws:events:*:rule/r" where an ARN', { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:rule/r' } }],
    ['the policy variable', { StringEquals: { 'aws:SourceArn': `\${aws:PrincipalArn}` } }],
  ];
  test.each(conditions)('%s', (named, Condition) => {
    expect(() => parsePolicy(policy(allow({ Condition })), 'identity', 'one/Role')).toThrow(`one/Role: the policy has`);
    expect(() => parsePolicy(policy(allow({ Condition })), 'identity', 'one/Role')).toThrow(named);
  });

  const statements: [string, 'identity' | 'resource', Json][] = [
    ['the element "NotPrincipal"', 'resource', policy(allow({ NotPrincipal: '*' }))],
    ['no Principal', 'resource', policy(allow())],
    ['a Principal', 'identity', policy(allow({ Principal: '*' }))],
    ['the principal kind "CanonicalUser"', 'resource', policy(allow({ Principal: { CanonicalUser: 'x' } }))],
    [
      'the principal "arn:aws:iam::*:role/x"',
      'resource',
      policy(allow({ Principal: { AWS: 'arn:aws:iam::*:role/x' } })),
    ],
    ['the principal "AROAXYZ"', 'resource', policy(allow({ Principal: { AWS: 'AROAXYZ' } }))],
    ['the effect "allow"', 'identity', policy(allow({ Effect: 'allow' }))],
    ['not exactly one of Action and NotAction', 'identity', policy(allow({ NotAction: 's3:*' }))],
    ['"s3" as Action', 'identity', policy(allow({ Action: 's3' }))],
    ['"arn:aws:s3*" as Resource', 'identity', policy(allow({ Resource: 'arn:aws:s3*' }))],
    [
      '"arn:aws:logs:*:log-group:x:*" as Resource',
      'identity',
      policy(allow({ Resource: 'arn:aws:logs:*:log-group:x:*' })),
    ],
    ['"arn:*:s3:::b" as Resource', 'identity', policy(allow({ Resource: 'arn:*:s3:::b' }))],
    ['an empty Resource', 'identity', policy(allow({ Resource: [] }))],
    ['the policy variable', 'identity', policy(allow({ Resource: `arn:aws:s3:::b/\${aws:userid}` }))],
    ['the version undefined', 'identity', { Statement: [] }],
  ];
  test.each(statements)('%s in a policy of kind %s', (named, kind, document) => {
    expect(() => parsePolicy(document, kind, 'here')).toThrow(named);
  });
});
