import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { EXCEPTIONS, type Exception } from '../../infra/constructs/web-acl-exceptions.ts';
import { settingsFrom } from '../../infra/settings.ts';
import { EdgeStack } from '../../infra/stacks/edge.ts';
import { DOMAIN, EDGE } from './edge.ts';
import { context, ofType } from './synthesized.ts';

/** As much of a rule as these tests look at, in CloudFormation's spelling. */
type ByteMatch = {
  readonly FieldToMatch: Readonly<Record<string, unknown>>;
  readonly PositionalConstraint: string;
  readonly SearchString: string;
  readonly TextTransformations: readonly { readonly Priority: number; readonly Type: string }[];
};
type Statement = {
  readonly ByteMatchStatement?: ByteMatch;
  readonly OrStatement?: { readonly Statements: readonly { readonly ByteMatchStatement: ByteMatch }[] };
  readonly NotStatement?: { readonly Statement: { readonly ByteMatchStatement: ByteMatch } };
  readonly ManagedRuleGroupStatement?: {
    readonly Name: string;
    readonly VendorName: string;
    readonly RuleActionOverrides: readonly { readonly Name: string; readonly ActionToUse: unknown }[];
  };
  readonly RateBasedStatement?: {
    readonly AggregateKeyType: string;
    readonly EvaluationWindowSec: number;
    readonly Limit: number;
    readonly ScopeDownStatement: Statement;
  };
};
type Rule = {
  readonly Name: string;
  readonly Priority: number;
  readonly Action?: Readonly<Record<string, unknown>>;
  readonly OverrideAction?: Readonly<Record<string, unknown>>;
  readonly Statement: Statement;
  readonly VisibilityConfig: unknown;
};

function edgeOf(replaced: Readonly<Record<string, unknown>> = {}) {
  const settings = settingsFrom({ ...context, ...EDGE, ...replaced });
  const stack = new EdgeStack(new App({ context, analyticsReporting: false }), 'edge', { settings, domain: DOMAIN });
  const template = Template.fromStack(stack);
  const [acl] = Object.values(ofType<{ readonly Rules: readonly Rule[] }>(template, 'AWS::WAFv2::WebACL'));
  if (acl === undefined) throw new Error('there is no web ACL');
  const rules = [...acl.Properties.Rules].sort((one, other) => one.Priority - other.Priority);
  return { stack, template, rules };
}

const { stack, template, rules } = edgeOf();
const { rules: wider } = edgeOf({ 'gatehouse.throttle': { register: { rate: 10 }, token: { rate: 100 } } });
const limits = (of: readonly Rule[]) =>
  Object.fromEntries(
    of.flatMap(({ Name, Statement: { RateBasedStatement: rate } }) => (rate ? [[Name, rate.Limit]] : [])),
  );
const matches = (statement: Statement) =>
  [
    statement.ByteMatchStatement,
    ...(statement.OrStatement?.Statements ?? []).map((one) => one.ByteMatchStatement),
  ].flatMap((match) => match ?? []);

describe('the web ACL', () => {
  test("is CloudFront's, in the one region where those are made", () => {
    expect(stack.region).toBe('us-east-1');
    template.allResourcesProperties('AWS::WAFv2::WebACL', { Scope: 'CLOUDFRONT' });
  });

  test('has these rules in this order', () => {
    expect(rules.map(({ Name }) => Name)).toEqual([
      'own-name-only',
      'rate-register',
      'rate-token',
      'rate-authorize',
      'AWSManagedRulesCommonRuleSet',
      'AWSManagedRulesKnownBadInputsRuleSet',
    ]);
    expect(new Set(rules.map(({ Priority }) => Priority)).size).toBe(rules.length);
  });

  test('has no rule that lets anybody past another: each blocks, or is a group that blocks', () => {
    for (const { Name, Action, OverrideAction, Statement } of rules) {
      const group = Statement.ManagedRuleGroupStatement !== undefined;
      expect(Object.keys((group ? OverrideAction : Action) ?? {}), Name).toEqual([group ? 'None' : 'Block']);
    }
  });

  test('is reached by the name of the server only', () => {
    expect(rules[0]?.Statement.NotStatement?.Statement.ByteMatchStatement).toMatchObject({
      FieldToMatch: { SingleHeader: { Name: 'host' } },
      PositionalConstraint: 'EXACTLY',
      SearchString: 'mcp.example.com',
    });
  });

  test('keeps no sample of a request: there are tokens in it', () => {
    const kept = JSON.stringify(template.toJSON());
    expect(kept).not.toContain('"SampledRequestsEnabled":true');
    expect(kept.match(/"SampledRequestsEnabled":false/g)).toHaveLength(rules.length + 1);
  });
});

describe('rate rules', () => {
  const rated = rules.filter(({ Statement }) => Statement.RateBasedStatement);

  test.each(rated)(
    '$Name counts addresses over five minutes, and blocks with a 429 that says when to come again',
    (rule) => {
      expect(rule.Statement.RateBasedStatement).toMatchObject({ AggregateKeyType: 'IP', EvaluationWindowSec: 300 });
      expect(rule.Action).toMatchObject({
        Block: {
          CustomResponse: {
            ResponseCode: 429,
            ResponseHeaders: [{ Name: 'retry-after', Value: '300' }],
            CustomResponseBodyKey: 'too-many-requests',
          },
        },
      });
    },
  );

  test('give an address half of what the route lets through, so that no one uses it up', () => {
    expect(limits(rules)).toEqual({ 'rate-register': 150, 'rate-token': 3_000, 'rate-authorize': 3_000 });
    expect(limits(wider)).toMatchObject({ 'rate-register': 1_500, 'rate-token': 15_000 });
  });

  test('let a hosted connector and an office behind one address through', () => {
    const { 'rate-register': register = 0, 'rate-token': token = 0, 'rate-authorize': authorize = 0 } = limits(rules);
    // A connector that registers for everybody at once: all that the route takes in one go.
    expect(register).toBeGreaterThan(40);
    // Everybody of the connector, each with a token of ten minutes: 5,000 people at one address.
    expect(token).toBeGreaterThanOrEqual(5_000 / 2);
    // An office of 300 that signs in within five minutes: /authorize, /consent and /callback each, and a second try.
    expect(authorize).toBeGreaterThanOrEqual(300 * 3 * 2);
  });

  test('read a path as the API routes it, whatever it is spelt like', () => {
    for (const { Statement } of rated) {
      for (const match of matches(Statement.RateBasedStatement?.ScopeDownStatement ?? {})) {
        expect(match.PositionalConstraint).toBe('STARTS_WITH');
        expect(match.FieldToMatch).toEqual({ UriPath: {} });
        expect(match.TextTransformations.map(({ Type }) => Type)).toEqual(['URL_DECODE', 'NORMALIZE_PATH']);
      }
    }
  });
});

describe("AWS's managed groups", () => {
  const groups = rules.flatMap(({ Statement }) => Statement.ManagedRuleGroupStatement ?? []);

  test('count what is excepted, and nothing more', () => {
    for (const { Name, VendorName, RuleActionOverrides } of groups) {
      expect(VendorName).toBe('AWS');
      const exceptions: readonly Exception[] = EXCEPTIONS[Name as keyof typeof EXCEPTIONS];
      expect(RuleActionOverrides.map(({ Name }) => Name)).toEqual(exceptions.map(({ rule }) => rule));
      for (const { ActionToUse } of RuleActionOverrides) expect(ActionToUse).toEqual({ Count: {} });
    }
  });

  test.each(Object.entries(EXCEPTIONS).flatMap(([group, list]) => list.map((one) => ({ group, ...one }))))(
    '$group: $rule is excepted once, for a reason that somebody wrote',
    ({ group, rule, reason }) => {
      expect(reason.split(/\s+/).length).toBeGreaterThan(8);
      const all = EXCEPTIONS[group as keyof typeof EXCEPTIONS].map((one) => one.rule as string);
      expect(all.filter((other) => other === rule)).toHaveLength(1);
    },
  );

  // What the clients send (redirect URIs as their presets have them), and the rule that is known to mind it.
  test.each([
    ['Claude Code, GET /authorize?redirect_uri=http://localhost:3118/callback', 'EC2MetaDataSSRF_QUERYARGUMENTS'],
    ['VS Code, GET /authorize?redirect_uri=http://127.0.0.1:33418/', 'GenericRFI_QUERYARGUMENTS'],
    ['Codex, POST /register with http://127.0.0.1:1455/callback', 'GenericRFI_BODY'],
    ['mcp-remote, POST /token with http://localhost:3334/oauth/callback', 'EC2MetaDataSSRF_BODY'],
    ['any, POST /mcp with 200 KB of arguments', 'SizeRestrictions_BODY'],
    ['any, GET /callback with a code of 3 KB', 'SizeRestrictions_QUERYSTRING'],
    ['a bridge that sends no User-Agent', 'NoUserAgent_HEADER'],
    ['any, add_ticket_note that quotes <script>', 'CrossSiteScripting_BODY'],
    ['any, add_ticket_note that quotes ../../etc/passwd', 'GenericLFI_BODY'],
    ['any, add_ticket_note that quotes a Log4j lookup', 'Log4JRCE_BODY'],
  ])('let through: %s (%s)', (_, rule) => {
    const counted = groups.flatMap(({ RuleActionOverrides }) => RuleActionOverrides.map(({ Name }) => Name));
    expect(counted).toContain(rule);
  });

  test('still block in paths, cookies and headers, where no client has a reason', () => {
    const counted = groups.flatMap(({ RuleActionOverrides }) => RuleActionOverrides.map(({ Name }) => Name));
    expect(counted.filter((name) => /_(?:URIPATH|COOKIE)$|^UserAgent|^Host/.test(name))).toEqual([]);
  });
});

describe('the log of the web ACL', () => {
  test('has what was blocked, without tokens, cookies and queries', () => {
    template.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      RedactedFields: [
        { SingleHeader: { Name: 'authorization' } },
        { SingleHeader: { Name: 'cookie' } },
        { QueryString: {} },
      ],
      LoggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          { Behavior: 'KEEP', Requirement: 'MEETS_ANY', Conditions: [{ ActionCondition: { Action: 'BLOCK' } }] },
        ],
      },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { LogGroupName: 'aws-waf-logs-gatehouse-dev' });
  });
});
