import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadAssembly } from '../../infra/local/template/assembly.ts';
import type { Json, JsonObject } from '../../infra/local/template/json.ts';
import { createResolver } from '../../infra/local/template/resolver.ts';
import { FIXTURE, OUTSIDE, temporaryDirectory } from './fixtures/running-endpoint.ts';

const scratch = temporaryDirectory();
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const assembly = loadAssembly(FIXTURE);
const resolver = createResolver(assembly, OUTSIDE);
const resolve = (value: Json) => resolver.resolve('desk-service', value);

/** An assembly of one stack "one" with these resources, and more at the top level of its template. */
function assemblyOf(resources: JsonObject, more: JsonObject = {}) {
  const directory = join(scratch, String(Math.random()).slice(2));
  mkdirSync(directory);
  const stack = { type: 'aws:cloudformation:stack', properties: { templateFile: 'one.template.json' } };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ artifacts: { one: stack } }));
  writeFileSync(join(directory, 'one.template.json'), JSON.stringify({ Resources: resources, ...more }));
  return loadAssembly(directory);
}

const bucket = (properties: JsonObject) => ({ Vault: { Type: 'AWS::S3::Bucket', Properties: properties } });

describe('an assembly', () => {
  test('has the resources of all its stacks', () => {
    expect(assembly.stacks.map(({ name }) => name)).toEqual(['desk-data', 'desk-service']);
    expect(assembly.ofType('AWS::Lambda::Function').map(({ id }) => id)).toEqual(['ReaderFunction', 'WriterFunction']);
    expect(assembly.find('desk-service', 'Keys').dependsOn).toEqual(['WriterRole']);
  });

  test('leaves out a resource whose condition does not hold', () => {
    expect(assembly.resources.some(({ id }) => id === 'OnlyInChina')).toBe(false);
    const kept = assemblyOf(
      { A: { Type: 'AWS::S3::Bucket', Condition: 'Here' } },
      { Conditions: { Here: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'cn-north-1'] }] } } },
    );
    expect(kept.resources).toHaveLength(1);
  });

  test('finds the directory of an asset by its S3 key', () => {
    expect(assembly.asset('desk-service', 'notes.zip')).toBe(join(FIXTURE, 'asset.notes'));
    expect(() => assembly.asset('desk-service', 'other.zip')).toThrow('"other.zip" is not in');
  });

  test('whose template was changed after synthesis is refused', () => {
    const directory = join(scratch, 'changed');
    cpSync(FIXTURE, directory, { recursive: true });
    const file = join(directory, 'desk-data.assets.json');
    const hash = '0'.repeat(64);
    writeFileSync(file, JSON.stringify({ files: { [hash]: { source: { path: 'desk-data.template.json' } } } }));
    expect(() => loadAssembly(directory)).toThrow('desk-data.template.json was changed after synthesis');
  });

  test.each([
    ['a macro', { Transform: 'AWS::Serverless-2016-10-31' }, '"Transform"'],
    ['mappings', { Mappings: {} }, '"Mappings"'],
  ])('with %s is refused', (_, more, named) => {
    expect(() => assemblyOf({}, more)).toThrow(named);
  });

  test('that is not there is asked for', () => {
    expect(() => loadAssembly(join(scratch, 'nowhere'))).toThrow('manifest.json cannot be read. Synthesize the app');
  });
});

describe('an environment of the template', () => {
  test('resolves to literals, across stacks', () => {
    const { properties } = assembly.find('desk-service', 'ReaderFunction');
    expect(resolve(properties.Environment ?? null)).toEqual({
      Variables: {
        NOTES: 'desk-data-Notes',
        ISSUER: 'http://localhost:3000',
        POOL: 'http://localhost:3001',
        CLIENT: 'desk-client',
        KEYS: '{"keys":[]}',
        LITERAL: `\${NotAReference} of desk-service`,
        HOST: 'localhost:3000',
        LEVEL: 'INFO',
      },
    });
  });
});

describe('what a resource is called', () => {
  const named = (stack: string, id: string) => {
    const resource = assembly.find(stack, id);
    return [resolver.ref(resource), resolver.arn(resource)];
  };

  test.each([
    ['desk-data', 'Notes', /^desk-data-Notes$/, /^arn:aws:dynamodb:us-east-1:000000000000:table\/desk-data-Notes$/],
    ['desk-data', 'SigningKey', /^[0-9a-f-]{36}$/, /^arn:aws:kms:us-east-1:000000000000:key\/[0-9a-f-]{36}$/],
    ['desk-data', 'AdminSecret', /^arn:.*:secret:desk\/admin-\w{6}$/, /^arn:.*:secret:desk\/admin-\w{6}$/],
    ['desk-data', 'Cluster', /^desk-data-cluster$/, /^arn:aws:rds:us-east-1:000000000000:cluster:desk-data-cluster$/],
    ['desk-data', 'Vault', /^desk-data-vault$/, /^arn:aws:s3:::desk-data-vault$/],
    ['desk-service', 'WriterFunction', /^desk-writer$/, /^arn:.*:function:desk-writer$/],
    ['desk-service', 'WriterRole', /^desk-writer$/, /^arn:aws:iam::000000000000:role\/desk-writer$/],
  ])('%s/%s has the reference and ARN that AWS documents', (stack, id, ref, arn) => {
    const [givenRef, givenArn] = named(stack, id);
    expect(givenRef).toMatch(ref);
    expect(givenArn).toMatch(arn);
  });

  test('is the same in every run', () => {
    const again = createResolver(loadAssembly(FIXTURE), OUTSIDE);
    for (const resource of assembly.resources) expect(again.ref(resource)).toBe(resolver.ref(resource));
  });

  test('is not shared by two resources', () => {
    const shared = ['AWS::SecretsManager::SecretTargetAttachment'];
    const own = assembly.resources.filter(({ type }) => !shared.includes(type));
    const names = own.map((resource) => `${resource.type} ${resolver.ref(resource)}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test('is cut to what AWS allows and stays its own', () => {
    const long = 'L'.repeat(80);
    const functions = assemblyOf({
      [`${long}A`]: { Type: 'AWS::Lambda::Function' },
      [`${long}B`]: { Type: 'AWS::Lambda::Function' },
    });
    const names = functions.resources.map((resource) => createResolver(functions, OUTSIDE).ref(resource));
    expect(names.map((name) => name.length)).toEqual([64, 64]);
    expect(names[0]).not.toBe(names[1]);
  });

  test('exists for an ignored resource, but its attributes do not', () => {
    expect(resolver.resolve('desk-data', { Ref: 'Network' })).toBe('desk-data-Network');
    expect(() => resolver.resolve('desk-data', { 'Fn::GetAtt': ['Network', 'CidrBlock'] })).toThrow(
      'desk-data/Network (AWS::EC2::VPC): its attribute CidrBlock. The local cloud does not model it',
    );
  });
});

describe('the local cloud refuses', () => {
  test('a resource type it does not know, by name, before anything runs', () => {
    const unknown = assemblyOf({ Queue: { Type: 'AWS::SQS::Queue' } });
    expect(() => createResolver(unknown, OUTSIDE)).toThrow(
      'one/Queue (AWS::SQS::Queue): the resource type AWS::SQS::Queue. The local cloud does not model it',
    );
  });

  test.each([
    ['an unknown function', { 'Fn::Base64': 'x' }, 'the intrinsic function Fn::Base64'],
    ['a function in a map', { 'Fn::FindInMap': ['a', 'b', 'c'] }, 'the intrinsic function Fn::FindInMap'],
    ['a dynamic reference', '{{resolve:ssm:/x}}', 'a dynamic reference'],
    ['one that a Join makes', { 'Fn::Join': ['', ['{{resolve:', 'ssm:/x}}']] }, 'a dynamic reference'],
    ['a reference to nothing', { Ref: 'Nobody' }, '"Nobody"'],
    ['an attribute of nothing', { 'Fn::GetAtt': ['Nobody', 'Arn'] }, '"Nobody"'],
    ['a substitution of nothing', { 'Fn::Sub': `\${Nobody}` }, '"Nobody"'],
    ['an attribute that the type does not have', { 'Fn::GetAtt': ['Vault', 'WebsiteURL'] }, 'its attribute WebsiteURL'],
    ['an import that nobody exports', { 'Fn::ImportValue': 'other:Name' }, 'imports "other:Name"'],
    ['a selection past the end', { 'Fn::Select': [3, ['a']] }, 'Fn::Select with arguments it cannot have'],
    ['a function beside other members', { Ref: 'Vault', Other: 1 }, '"Ref" beside other members'],
    ['a condition that is not defined', { 'Fn::If': ['Nobody', 'a', 'b'] }, 'the condition "Nobody"'],
    ['a notification ARN', { Ref: 'AWS::NotificationARNs' }, '"AWS::NotificationARNs"'],
  ] as [string, Json, string][])('%s', (_, value, named) => {
    const one = assemblyOf(bucket({ BucketName: value }));
    const { resolve: resolveOne } = createResolver(one, OUTSIDE);
    expect(() => resolveOne('one', one.find('one', 'Vault').properties)).toThrow(named);
  });

  test('nothing where there must be a value', () => {
    expect(resolve({ kept: 1, gone: { Ref: 'AWS::NoValue' } })).toEqual({ kept: 1 });
    expect(() => resolve({ Ref: 'AWS::NoValue' })).toThrow('AWS::NoValue where a value is needed');
  });

  test('naming stack and logical id of the resource that holds it', () => {
    const one = assemblyOf(bucket({ Tags: [{ Value: { 'Fn::Cidr': ['10.0.0.0/8', 1, 1] } }] }));
    const { resolve: resolveOne } = createResolver(one, OUTSIDE);
    expect(() => resolveOne('one', one.find('one', 'Vault').properties.Tags ?? null)).toThrow(
      'one/Vault (AWS::S3::Bucket): the intrinsic function Fn::Cidr',
    );
  });

  test('a parameter whose value is elsewhere, or nowhere', () => {
    const parameters = { Ssm: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/x' }, Bare: { Type: 'String' } };
    const one = assemblyOf(bucket({}), { Parameters: parameters });
    const { resolve: resolveOne } = createResolver(one, OUTSIDE);
    expect(() => resolveOne('one', { Ref: 'Ssm' })).toThrow('one/Ssm: a parameter of type AWS::SSM::Parameter');
    expect(() => resolveOne('one', { Ref: 'Bare' })).toThrow('one/Bare: a parameter without a default');
  });

  test('the data of a custom resource that has not run', () => {
    const early = createResolver(assembly, { ...OUTSIDE, customResourceData: () => undefined });
    expect(() => early.resolve('desk-service', { 'Fn::GetAtt': ['Keys', 'Jwks'] })).toThrow(
      'desk-service/Keys (Custom::PublicKeys): its attribute Jwks before the resource has run',
    );
  });
});
