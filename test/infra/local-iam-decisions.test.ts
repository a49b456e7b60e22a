import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../infra/local/iam/condition-keys.ts';
import { type Decision, decide } from '../../infra/local/iam/decision.ts';
import { parsePolicy, type Statement } from '../../infra/local/iam/policy.ts';
import type { Caller } from '../../infra/local/iam/principals.ts';
import type { JsonObject } from '../../infra/local/template/json.ts';
import cases from './fixtures/iam-decisions.json' with { type: 'json' };

/** One row of the table: what the policies say, what is asked, and what AWS's documentation makes of it. */
type Row = {
  readonly name: string;
  readonly expect: string;
  readonly action: string;
  readonly on: string;
  readonly caller?: 'user';
  readonly identity?: readonly JsonObject[];
  readonly resource?: readonly JsonObject[];
  readonly resourceMustAllow?: boolean;
  readonly context?: Context;
};

const ACCOUNT = '000000000000';
const role: Caller = {
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reader/fn`,
  principalArn: `arn:aws:iam::${ACCOUNT}:role/reader`,
  account: ACCOUNT,
};
const user: Caller = {
  arn: `arn:aws:iam::${ACCOUNT}:user/ada`,
  principalArn: `arn:aws:iam::${ACCOUNT}:user/ada`,
  account: ACCOUNT,
};

function parse(statements: readonly JsonObject[], kind: 'identity' | 'resource'): readonly Statement[] {
  return parsePolicy({ Version: '2012-10-17', Statement: statements }, kind, 'a test');
}

function worded(decision: Decision): string {
  if (decision.allowed) return 'allow';
  return decision.explicit ? `deny in ${decision.policy}` : `no ${decision.policy}`;
}

describe('the decision table', () => {
  test.each(cases as readonly Row[])('$name', (row) => {
    const decision = decide(
      row.caller === 'user' ? user : role,
      { action: row.action, resource: row.on, context: row.context ?? {} },
      {
        identity: parse(row.identity ?? [], 'identity'),
        resource: row.resource && parse(row.resource, 'resource'),
        resourceMustAllow: row.resourceMustAllow ?? false,
      },
    );
    expect(worded(decision)).toBe(row.expect);
  });

  test('has enough rows, each with a name of its own, and allows about as often as it denies', () => {
    expect(cases.length).toBeGreaterThanOrEqual(40);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    const allowed = cases.filter(({ expect: expected }) => expected === 'allow').length;
    expect(allowed / cases.length).toBeGreaterThan(0.3);
    expect(allowed / cases.length).toBeLessThan(0.7);
  });
});

describe('whatever the policies say', () => {
  const actions = ['dynamodb:GetItem', 'dynamodb:PutItem', 'kms:Sign', 'dynamodb:*', '*'];
  const resources = ['table/a', 'table/b'].map((name) => `arn:aws:dynamodb:us-east-1:${ACCOUNT}:${name}`);
  const principals = ['*', ACCOUNT, role.principalArn, role.arn, `${role.principalArn}2`];
  const condition = fc.constantFrom<JsonObject>(
    {},
    { StringLike: { 'aws:PrincipalArn': '*reader' } },
    { Null: { 'aws:SourceArn': 'true' } },
    { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'A#*' } },
  );
  const statement = fc.record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    Action: fc.constantFrom(...actions),
    Resource: fc.constantFrom('*', ...resources),
    Condition: condition,
  });
  const resourceStatement = fc
    .tuple(statement, fc.constantFrom(...principals))
    .map(([rest, principal]) => ({ ...rest, Principal: { AWS: principal } }));
  const request = fc.record({
    action: fc.constantFrom(...actions.filter((action) => !action.includes('*'))),
    resource: fc.constantFrom(...resources),
    context: fc.constantFrom<Context>(
      { 'aws:PrincipalArn': role.principalArn, 'dynamodb:LeadingKeys': ['A#1'] },
      { 'aws:PrincipalArn': role.principalArn, 'dynamodb:LeadingKeys': ['B#1'] },
      { 'aws:PrincipalArn': role.principalArn, 'aws:SourceArn': 'arn:aws:events:us-east-1:0:rule/r' },
    ),
  });
  const policies = fc.record({
    identity: fc.array(statement, { maxLength: 4 }),
    resource: fc.array(resourceStatement, { maxLength: 4 }),
    resourceMustAllow: fc.boolean(),
  });

  type Drawn = { identity: JsonObject[]; resource: JsonObject[]; resourceMustAllow: boolean };
  const read = ({ identity, resource, resourceMustAllow }: Drawn) => ({
    identity: parse(identity, 'identity'),
    resource: parse(resource, 'resource'),
    resourceMustAllow,
  });
  const everything = { Action: '*', Resource: '*' };

  test('a Deny that matches wins, in either policy and at any place', () => {
    const place = fc.tuple(fc.boolean(), fc.nat({ max: 4 }));
    fc.assert(
      fc.property(policies, request, place, (drawn, asked, [inIdentity, at]) => {
        const deny: JsonObject = { Effect: 'Deny', ...everything };
        const [identity, resource] = [[...drawn.identity], [...drawn.resource]] as [JsonObject[], JsonObject[]];
        if (inIdentity) identity.splice(at, 0, deny);
        else resource.splice(at, 0, { ...deny, Principal: '*' });
        const decision = decide(role, asked, read({ ...drawn, identity, resource }));
        expect(decision).toMatchObject({ allowed: false, explicit: true });
      }),
    );
  });

  test('one more Allow never takes anything away, and one more Deny never gives', () => {
    fc.assert(
      fc.property(policies, request, statement, (drawn, asked, extra) => {
        const before = decide(role, asked, read(drawn)).allowed;
        const after = decide(role, asked, read({ ...drawn, identity: [...drawn.identity, extra] })).allowed;
        if (extra.Effect === 'Allow') expect(before && !after).toBe(false);
        else expect(after && !before).toBe(false);
      }),
    );
  });

  test('nothing is allowed without an Allow', () => {
    fc.assert(
      fc.property(policies, request, (drawn, asked) => {
        const denies = (statements: readonly JsonObject[]) => statements.filter(({ Effect }) => Effect === 'Deny');
        const only = { ...drawn, identity: denies(drawn.identity), resource: denies(drawn.resource) };
        expect(decide(role, asked, read(only)).allowed).toBe(false);
      }),
    );
  });
});
