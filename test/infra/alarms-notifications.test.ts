import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { IGNORED_TYPES } from '../../infra/local/template/ignored-types.ts';
import { MODELS } from '../../infra/local/template/modelled-types.ts';
import { listOf, ofType, PRODUCTION, readable, synthesized } from './synthesized.ts';

const bare = synthesized().service;
const prod = synthesized({
  ...PRODUCTION,
  'gatehouse.alarms': { email: 'operations@example.com', monthlyBudgetUsd: 120 },
}).service;

type Statement = {
  readonly Effect: string;
  readonly Principal: '*' | { readonly Service?: string | readonly string[]; readonly AWS?: unknown };
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};
type Policy = { readonly Statement: readonly Statement[] };

const [topicId = ''] = Object.keys(ofType(prod, 'AWS::SNS::Topic'));

function policyOf(template: typeof prod): readonly Statement[] {
  const [policy] = Object.values(ofType<{ readonly PolicyDocument: Policy }>(template, 'AWS::SNS::TopicPolicy'));
  return policy?.Properties.PolicyDocument.Statement ?? [];
}

function keyPolicyOf(template: typeof prod): readonly Statement[] {
  const [key] = Object.values(ofType<{ readonly KeyPolicy: Policy }>(template, 'AWS::KMS::Key'));
  return key?.Properties.KeyPolicy.Statement ?? [];
}

/** Who may publish, under which conditions, in the shortest form. */
function publishers(template: typeof prod): string[] {
  return policyOf(template)
    .filter(({ Effect }) => Effect === 'Allow')
    .map(({ Principal, Action, Condition }) => {
      const { StringEquals, ArnLike, ...others } = Condition ?? {};
      expect(others).toEqual({});
      const account = readable(StringEquals?.['aws:SourceAccount']);
      const source = readable(ArnLike?.['aws:SourceArn']);
      const service = Principal === '*' ? '*' : listOf(Principal.Service ?? 'nobody').join(', ');
      return `${service} ${listOf(Action).join(', ')} of ${account} for ${source}`;
    });
}

describe('the topic of the alarms', () => {
  test('is one, encrypted with a key of its own that is rotated and goes with it', () => {
    for (const template of [bare, prod]) {
      template.resourceCountIs('AWS::SNS::Topic', 1);
      template.hasResourceProperties('AWS::SNS::Topic', {
        KmsMasterKeyId: { 'Fn::GetAtt': [Match.anyValue(), 'Arn'] },
      });
      template.resourceCountIs('AWS::KMS::Key', 1);
      template.hasResource('AWS::KMS::Key', {
        Properties: { EnableKeyRotation: true, PendingWindowInDays: 7 },
        DeletionPolicy: 'Delete',
      });
    }
  });

  test('may be published to for alarms of this stage, for budgets of this account where there is one, and for nothing else', () => {
    const alarms = (stage: string) =>
      `cloudwatch.amazonaws.com sns:Publish of AccountId for arn:Partition:cloudwatch:Region:AccountId:alarm:gatehouse-${stage}-*`;
    expect(publishers(bare)).toEqual([alarms('dev')]);
    expect(publishers(prod)).toEqual([
      alarms('prod'),
      'budgets.amazonaws.com sns:Publish of AccountId for arn:Partition:budgets::AccountId:*',
    ]);
    for (const { Resource } of policyOf(prod)) expect(Resource).toEqual({ Ref: topicId });
  });

  test('refuses everybody without TLS', () => {
    const denied = policyOf(bare).filter(({ Effect }) => Effect === 'Deny');
    expect(denied).toMatchObject([
      { Principal: '*', Action: 'sns:Publish', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ]);
  });

  test('has a key that the publishers may use for this account, and that the account may keep but not use', () => {
    for (const [template, services] of [
      [bare, ['cloudwatch.amazonaws.com']],
      [prod, ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com']],
    ] as const) {
      const [administration, use, ...others] = keyPolicyOf(template);
      expect(others).toEqual([]);
      expect(use).toMatchObject({
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      });
      const named = use?.Principal === '*' ? ['*'] : listOf(use?.Principal.Service ?? []);
      expect([...named].sort()).toEqual(services);
      const actions = listOf(administration?.Action ?? []);
      expect(actions).toContain('kms:PutKeyPolicy');
      expect(actions.filter((action) => /[*]|crypt|DataKey|CreateGrant|Import/.test(action))).toEqual([]);
    }
  });

  test('is subscribed to by the address of the settings, and by nobody without one', () => {
    bare.resourceCountIs('AWS::SNS::Subscription', 0);
    prod.resourceCountIs('AWS::SNS::Subscription', 1);
    prod.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'operations@example.com',
      TopicArn: { Ref: topicId },
    });
  });
});

describe('the budget', () => {
  test('is none unless an amount is set', () => {
    bare.resourceCountIs('AWS::Budgets::Budget', 0);
  });

  test('tells the same topic at 80 percent spent and when all of it is forecast', () => {
    prod.resourceCountIs('AWS::Budgets::Budget', 1);
    const told = (NotificationType: string, Threshold: number) => ({
      Notification: { NotificationType, Threshold, ThresholdType: 'PERCENTAGE', ComparisonOperator: 'GREATER_THAN' },
      Subscribers: [{ SubscriptionType: 'SNS', Address: { Ref: topicId } }],
    });
    prod.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: {
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: 120, Unit: 'USD' },
        // A filter that finds nothing is a budget that never says a word; a name could not be replaced.
        CostFilters: Match.absent(),
        BudgetName: Match.absent(),
      },
      NotificationsWithSubscribers: [told('ACTUAL', 80), told('FORECASTED', 100)],
    });
  });

  test('comes after the policy that lets it in', () => {
    const [policy = ''] = Object.keys(ofType(prod, 'AWS::SNS::TopicPolicy'));
    prod.hasResource('AWS::Budgets::Budget', { DependsOn: Match.arrayWith([policy]) });
  });
});

test('the local run knows every type of resource that watching takes', () => {
  const resources = prod.toJSON().Resources as Readonly<Record<string, { readonly Type: string }>>;
  const types = new Set(Object.values(resources).map(({ Type }) => Type));
  for (const type of ['SNS::Topic', 'SNS::Subscription', 'Budgets::Budget', 'CloudWatch::Dashboard']) {
    expect([...types]).toContain(`AWS::${type}`);
  }
  const unknown = [...types].filter((type) => !MODELS.has(type) && !IGNORED_TYPES.has(type));
  expect(unknown.filter((type) => !type.startsWith('Custom::'))).toEqual([]);
});
