import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { context, listOf, ofType, synthesized } from './synthesized.ts';

/** A second key by setting: which keys there are, who signs with which, and that nothing of the first changes. */
const KEYS = 'AWS::KMS::Key';
const NEXT = { 'gatehouse.audit': { signingKey: 2 }, 'gatehouse.tokenKeys': [2, 1] };
const before = synthesized();
const after = synthesized(NEXT);

type Variables = { readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> } };
type Policy = { readonly PolicyDocument: { readonly Statement: readonly Statement[] } };
type Role = { readonly Policies?: readonly Policy[] };
type Statement = { readonly Action: string | readonly string[]; readonly Resource: unknown };

/** The key that a value of a template is about, without the hash behind its id: `TokenKey`, `AuditSigningKey2`. */
function keyIn(value: unknown): string {
  const [, key = '', number = ''] = /(\w+Key)(\d?)[0-9A-F]{8}(?=Arn|"|$)/.exec(JSON.stringify(value)) ?? [];
  return `${key.replace(/^.*?(?=AuditSigningKey|TokenKey)/, '')}${number}`;
}

function variable(stage: ReturnType<typeof synthesized>, name: string): readonly string[] {
  const functions = Object.values(ofType<Variables>(stage.service, 'AWS::Lambda::Function'));
  return functions.flatMap(({ Properties }) => {
    const value = Properties.Environment.Variables[name];
    return value === undefined ? [] : [keyIn(value)];
  });
}

/** Which keys some policy lets somebody sign with, or read the public half of. */
function allowed(stage: ReturnType<typeof synthesized>, action: string): readonly string[] {
  const roles = [stage.data, stage.service].flatMap((template) =>
    Object.values(ofType<Role>(template, 'AWS::IAM::Role')),
  );
  const policies = roles.flatMap(({ Properties: { Policies = [] } }) => Policies);
  const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  const found = statements.filter(({ Action }) => listOf(Action).includes(action));
  return [...new Set(found.flatMap(({ Resource }) => listOf(Resource)).map(keyIn))].sort();
}

const published = (stage: ReturnType<typeof synthesized>) =>
  Object.values(ofType<{ KeyArns: readonly unknown[] }>(stage.service, 'Custom::PublicKeys')).map(({ Properties }) =>
    Properties.KeyArns.map(keyIn),
  );

describe('a second key', () => {
  test('leaves the first where it is, with its logical id and all of its properties', () => {
    const first = ofType(before.data, KEYS);
    const both = ofType(after.data, KEYS);
    expect(both).toMatchObject(first);
    const added = Object.keys(both).filter((id) => !(id in first));
    expect(added).toEqual([expect.stringMatching(/^AuditSigningKey2/), expect.stringMatching(/^TokenKey2/)]);
  });

  test('signs, and both are published, the one that signs first', () => {
    expect(variable(after, 'TOKEN_SIGNING_KEY_ARN')).toEqual(['TokenKey2']);
    expect(variable(after, 'AUDIT_SIGNING_KEY_ARN')).toEqual(['AuditSigningKey2']);
    expect(published(after)).toEqual([
      ['TokenKey2', 'TokenKey'],
      ['AuditSigningKey2', 'AuditSigningKey'],
    ]);
    expect(allowed(after, 'kms:Sign')).toEqual(['AuditSigningKey2', 'TokenKey2']);
    expect(allowed(after, 'kms:GetPublicKey')).toEqual([
      'AuditSigningKey',
      'AuditSigningKey2',
      'TokenKey',
      'TokenKey2',
    ]);
  });

  test('is published before it signs where the list says so', () => {
    const announced = synthesized({ 'gatehouse.tokenKeys': [1, 2] });
    expect(variable(announced, 'TOKEN_SIGNING_KEY_ARN')).toEqual(['TokenKey']);
    expect(published(announced)[0]).toEqual(['TokenKey', 'TokenKey2']);
  });

  test('alone in the list is the only one that is good, and the first stays with its export', () => {
    const alone = synthesized({ 'gatehouse.tokenKeys': [2] });
    expect(published(alone)[0]).toEqual(['TokenKey2']);
    expect(Object.keys(ofType(alone.data, KEYS))).toEqual(
      expect.arrayContaining(Object.keys(ofType(before.data, KEYS))),
    );
    const exported = Object.keys(alone.data.findOutputs('*'));
    for (const name of Object.keys(before.data.findOutputs('*'))) expect(exported).toContain(name);
  });
});

test('without a setting each kind has one key, whose logical id has no number', () => {
  expect(Object.keys(ofType(before.data, KEYS)).map((id) => id.slice(0, -8))).toEqual([
    'AuditMacKey',
    'AuditSigningKey',
    'TokenKey',
  ]);
});

test.each([
  ['no key', { 'gatehouse.tokenKeys': [] }, /tokenKeys/],
  ['a key twice', { 'gatehouse.tokenKeys': [2, 2] }, /names a key twice/],
  ['more than are in use', { 'gatehouse.tokenKeys': [4, 3, 2, 1] }, /more keys than are in use/],
  ['a number that is none', { 'gatehouse.tokenKeys': [0] }, /not the number of a key/],
  ['a word', { 'gatehouse.tokenKeys': 'two' }, /no list of key numbers/],
  ['no such key of the log', { 'gatehouse.audit': { signingKey: 10 } }, /not the number of a key/],
])('%s is refused in a sentence', (_, replaced, sentence) => {
  expect(() => settingsFrom({ ...context, ...replaced })).toThrow(sentence);
});
