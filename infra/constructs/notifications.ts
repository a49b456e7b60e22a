import { ArnFormat, Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

/** Properties of {@link Notifications}. */
export type NotificationsProps = { readonly stage: string; readonly alarms: Settings['alarms'] };

/** What the account may do to the key: everything but use it. A message in a topic is read by who subscribed to it. */
const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];

/**
 * Where alarms and the budget are told: an encrypted topic that CloudWatch and Budgets may publish to on behalf of this
 * account, and nobody else by its policy. The key is ours because a service cannot be allowed the use of `aws/sns`, the
 * managed one, whose policy nobody can change: every alarm would fail silently
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html, compatibility with AWS services).
 */
export class Notifications extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { stage, alarms }: NotificationsProps) {
    super(scope, id);
    const publishers = [
      {
        service: 'cloudwatch.amazonaws.com',
        // Alarms of this stage, by the name they all have.
        source: Stack.of(this).formatArn({
          service: 'cloudwatch',
          resource: 'alarm',
          resourceName: `gatehouse-${stage}-*`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      },
      ...(alarms.monthlyBudgetUsd === undefined
        ? []
        : [{ service: 'budgets.amazonaws.com', source: `arn:${Aws.PARTITION}:budgets::${Aws.ACCOUNT_ID}:*` }]),
    ];
    const ofThisAccount = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    const key = new Key(this, 'Key', {
      description: `Encrypts what alarms say (gatehouse ${stage})`,
      enableKeyRotation: true,
      // Nothing stays in a topic: the key has nothing to keep, on any stage.
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
      policy: new PolicyDocument({
        // In a key policy "*" is this key and no other: a key cannot name itself before it exists.
        statements: [
          new PolicyStatement({
            sid: 'Administration',
            principals: [new AccountRootPrincipal()],
            actions: ADMINISTRATION,
            resources: ['*'],
          }),
          new PolicyStatement({
            sid: 'Publishing',
            principals: publishers.map(({ service }) => new ServicePrincipal(service)),
            actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
            resources: ['*'],
            conditions: ofThisAccount,
          }),
        ],
      }),
    });
    this.topic = new Topic(this, 'Topic', { masterKey: key, enforceSSL: true });
    for (const { service, source } of publishers) {
      this.topic.addToResourcePolicy(
        new PolicyStatement({
          sid: service.split('.')[0] ?? service,
          principals: [new ServicePrincipal(service)],
          actions: ['sns:Publish'],
          resources: [this.topic.topicArn],
          conditions: { ...ofThisAccount, ArnLike: { 'aws:SourceArn': source } },
        }),
      );
    }
    if (alarms.email === undefined) return;
    // SNS asks the address whether it wants this; until somebody follows the link nothing is sent to it.
    new Subscription(this, 'Email', {
      topic: this.topic,
      protocol: SubscriptionProtocol.EMAIL,
      endpoint: alarms.email,
    });
  }
}
