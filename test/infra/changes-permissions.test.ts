import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Permission, permissionsOf } from '../../infra/cli/changes/permissions.ts';
import type { Template } from '../../infra/cli/changes/templates.ts';
import { covers, wideningsBetween } from '../../infra/cli/changes/widened.ts';

const permission = (parts: Partial<Permission>): Permission => ({
  holder: 'Role',
  effect: 'Allow',
  principal: undefined,
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/*',
  conditions: {},
  opaque: false,
  ...parts,
});

const roleWith = (...statements: unknown[]): Template => ({
  Resources: {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: { Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: statements } }] },
    },
  },
});
const allow = (Action: unknown, Resource: unknown, more = {}) => ({ Effect: 'Allow', Action, Resource, ...more });

function widened(before: Template, after: Template): string[] {
  const found = wideningsBetween(new Map([['stack', before]]), new Map([['stack', after]]));
  return found.map(({ permission: { effect, action, resource } }) => `${effect} ${action} on ${resource}`);
}

describe('whether a permission was there before', () => {
  test.each<[string, Partial<Permission>, Partial<Permission>, boolean]>([
    ['the same', {}, {}, true],
    ['an action of a wildcard', { action: 's3:*' }, {}, true],
    ['a wildcard in place of an action', {}, { action: 's3:*' }, false],
    ['an action in other letters', { action: 'S3:GETOBJECT' }, {}, true],
    ['a narrower wildcard', { action: 's3:Get*' }, { action: 's3:GetObject*' }, true],
    ['a wider wildcard', { action: 's3:Get?bject' }, { action: 's3:Get*' }, false],
    ['a wildcard of one character in place of many', { action: 's3:GetObjec?' }, { action: 's3:GetObjec*' }, false],
    ['one object of many', {}, { resource: 'arn:aws:s3:::b/x' }, true],
    ['another bucket', {}, { resource: 'arn:aws:s3:::c/*' }, false],
    ['dots that are dots', { resource: 'a.c' }, { resource: 'abc' }, false],
    ['another holder', {}, { holder: 'Other' }, false],
    ['a denial', { effect: 'Deny' }, {}, false],
    ['a principal of anybody', { principal: '*' }, { principal: 'x' }, true],
    ['anybody in place of a principal', { principal: 'x' }, { principal: '*' }, false],
    ['anybody in place of the holder', {}, { principal: '*' }, false],
    ['the holder in place of anybody', { principal: '*' }, {}, false],
    ['a condition that is new', {}, { conditions: { 'StringEquals k': ['a'] } }, true],
    ['a condition that is gone', { conditions: { 'StringEquals k': ['a'] } }, {}, false],
    ['fewer values', { conditions: { 'StringLike k': ['a', 'b'] } }, { conditions: { 'StringLike k': ['b'] } }, true],
    ['more values', { conditions: { 'StringLike k': ['a'] } }, { conditions: { 'StringLike k': ['a', 'b'] } }, false],
    ['no values', { conditions: { 'StringLike k': ['a'] } }, { conditions: { 'StringLike k': [] } }, false],
    [
      'fewer values of a negation',
      { conditions: { 'StringNotEquals k': ['a', 'b'] } },
      { conditions: { 'StringNotEquals k': ['b'] } },
      false,
    ],
  ])('%s', (_, before, after, expected) => {
    expect(covers(permission(before), permission(after))).toBe(expected);
  });

  test('a pattern never covers one that matches more', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 6 });
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const matches = (glob: string, text: string): boolean => {
      const [head, rest] = [glob[0], glob.slice(1)];
      if (head === undefined) return text === '';
      if (head === '*') return matches(rest, text) || (text !== '' && matches(glob, text.slice(1)));
      return text !== '' && (head === '?' || head === text[0]) && matches(rest, text.slice(1));
    };
    fc.assert(
      fc.property(pattern, pattern, word, (wide, narrow, text) => {
        const covered = covers(permission({ resource: wide }), permission({ resource: narrow }));
        return !covered || !matches(narrow, text) || matches(wide, text);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('what a template allows', () => {
  test('is one permission for each action and resource', () => {
    const before = roleWith(allow(['a:X', 'a:Y'], ['1', '2']));
    expect(widened(before, roleWith(allow('a:X', ['1', '2']), allow('a:Y', '2')))).toEqual([]);
    expect(widened(before, roleWith(allow('a:X', ['1', '3'])))).toEqual(['Allow a:X on 3']);
  });

  test('is found wherever a policy document stands, also as text', () => {
    const table = (statement: unknown): Template => ({
      Resources: {
        T: {
          Type: 'AWS::Any::Thing',
          Properties: { Deep: [{ Policy: { PolicyDocument: { Statement: statement } } }] },
        },
      },
    });
    expect(widened(table([]), table({ ...allow('a:X', '*'), Principal: { AWS: '*' } }))).toEqual(['Allow a:X on *']);
    const logs = (statement: unknown): Template => ({
      Resources: {
        L: {
          Type: 'AWS::Logs::ResourcePolicy',
          Properties: { PolicyDocument: JSON.stringify({ Statement: statement }) },
        },
      },
    });
    expect(widened(logs([]), logs([allow('logs:PutLogEvents', '*')]))).toEqual(['Allow logs:PutLogEvents on *']);
  });

  test('that cannot be read is new when its text is', () => {
    const built = (text: string): Template => ({
      Resources: {
        L: {
          Type: 'AWS::Logs::ResourcePolicy',
          Properties: { PolicyDocument: { 'Fn::Join': ['', ['{', text, { Ref: 'X' }, '}']] } },
        },
      },
    });
    expect(widened(built('a'), built('a'))).toEqual([]);
    expect(widened(built('a'), built('b'))).toHaveLength(1);
    expect(widened(roleWith(allow('a:X', '1')), roleWith({ 'Fn::If': ['C', allow('a:X', '1'), {}] }))).toHaveLength(1);
  });

  test('by leaving something out is new when that changes', () => {
    const all = (action: string) => roleWith({ Effect: 'Allow', NotAction: action, Resource: '*' });
    expect(widened(all('iam:*'), all('iam:*'))).toEqual([]);
    expect(widened(all('iam:*'), all('iam:Get*'))).toHaveLength(1);
  });

  test('hangs on the role, whether its policy stands in it or beside it', () => {
    const statement = allow('a:X', '1');
    const beside: Template = {
      Resources: {
        Role: { Type: 'AWS::IAM::Role' },
        Policy: {
          Type: 'AWS::IAM::Policy',
          Properties: { Roles: [{ Ref: 'Role' }], PolicyDocument: { Statement: [statement] } },
        },
      },
    };
    expect(widened(roleWith(statement), beside)).toEqual([]);
    expect(widened({ Resources: { Role: { Type: 'AWS::IAM::Role' } } }, beside)).toEqual(['Allow a:X on 1']);
  });

  test('is more where a boundary goes, and not where one comes', () => {
    const bounded = (PermissionsBoundary?: string): Template => ({
      Resources: {
        Role: { Type: 'AWS::IAM::Role', Properties: { ...(PermissionsBoundary && { PermissionsBoundary }) } },
      },
    });
    expect(widened(bounded(), bounded('b'))).toEqual([]);
    expect(widened(bounded('b'), bounded())).toHaveLength(1);
    expect(widened(bounded('b'), bounded('c'))).toHaveLength(1);
  });

  test('is more where a denial goes or shrinks, and not where what it guards goes with it', () => {
    const deny = (action: string) => ({ ...allow(action, '*'), Effect: 'Deny' });
    expect(widened(roleWith(deny('a:*')), roleWith(deny('a:X')))).toEqual(['Deny a:* on *']);
    expect(widened(roleWith(deny('a:X')), roleWith(deny('a:*')))).toEqual([]);
    expect(widened(roleWith(deny('a:X')), { Resources: {} })).toEqual([]);
  });

  test('counts whom a function runs as, and who may call it', () => {
    const running = (role: string): Template => ({
      Resources: { F: { Type: 'AWS::Lambda::Function', Properties: { Role: { 'Fn::GetAtt': [role, 'Arn'] } } } },
    });
    expect(widened(running('A'), running('A'))).toEqual([]);
    expect(widened(running('A'), running('B'))).toHaveLength(1);
    const callable = (more: object): Template => ({
      Resources: {
        P: {
          Type: 'AWS::Lambda::Permission',
          Properties: { FunctionName: 'f', Action: 'lambda:InvokeFunction', Principal: 's.amazonaws.com', ...more },
        },
      },
    });
    expect(widened(callable({}), callable({ SourceArn: 'x' }))).toEqual([]);
    expect(widened(callable({ SourceArn: 'x' }), callable({}))).toHaveLength(1);
    expect(widened(callable({ SourceArn: 'x' }), callable({ SourceArn: 'y' }))).toHaveLength(1);
    const url = (AuthType: string): Template => ({
      Resources: { U: { Type: 'AWS::Lambda::Url', Properties: { AuthType, TargetFunctionArn: 'f' } } },
    });
    expect(widened(url('AWS_IAM'), url('NONE'))).toHaveLength(1);
  });

  test('is read from names that objects have of themselves', () => {
    const odd: Template = { Resources: { constructor: { Type: 'AWS::IAM::Role' } } };
    expect(permissionsOf(odd)).toEqual([]);
    expect(widened({ Resources: {} }, odd)).toEqual([]);
  });
});
