import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { AccountRootPrincipal, PolicyDocument, Role } from 'aws-cdk-lib/aws-iam';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { AuditLog } from './audit-log.ts';
import { allow, ES256 } from './permissions.ts';
import { ServiceFunction, type Surroundings } from './service-function.ts';

/** Properties of a {@link Seal}. */
export type SealProps = Surroundings & {
  readonly audit: AuditLog;
  /** The public keys of checkpoints as a JWK set, the one that signs first. */
  readonly auditKeys: string;
};

/** Its silence, and what it finds. */
export type SealAlarms = { readonly unsealed: Alarm; readonly broken: Alarm };

const everyMinutes = 5;

/**
 * Signs a checkpoint of the audit log every five minutes. An EventBridge rule and not a schedule of EventBridge
 * Scheduler: a rule invokes with a permission on the function, a schedule needs one more role.
 */
export class Seal extends Construct {
  readonly seal: ServiceFunction;
  /** What a person assumes to have the log sealed now; may be assumed by principals of this account that are allowed to. */
  readonly sealerRole: Role;
  readonly #stage: string;

  constructor(scope: Construct, id: string, props: SealProps) {
    super(scope, id);
    const { settings, code, audit } = props;
    const { tableArn, tableName } = audit.table;
    const { region, account } = Stack.of(this);
    this.seal = new ServiceFunction(this, 'Seal', {
      settings,
      code,
      name: 'seal',
      description: 'Signs checkpoints of the audit log',
      // Never two at once, and done before the next one is due.
      concurrency: 1,
      timeout: Duration.seconds(60),
      environment: {
        AUDIT_TABLE: tableName,
        AUDIT_SIGNING_KEY_ARN: audit.signingKey.keyArn,
        AUDIT_KEYS: props.auditKeys,
        AUDIT_BUCKET: audit.bucket.bucketName,
        AUDIT_ORIGIN: `gatehouse-${settings.stage}/${region}/${account}`,
      },
      permissions: [
        allow(['dynamodb:Query'], [tableArn], { keys: ['D#', 'S#', 'C#'] }),
        allow(['dynamodb:PartiQLInsert'], [tableArn], { keys: ['C#'] }),
        allow(['kms:Sign'], [audit.signingKey.keyArn], { conditions: ES256 }),
        allow(['s3:PutObject'], [audit.bucket.arnForObjects('checkpoints/*')]),
      ],
    });
    this.sealerRole = new Role(this, 'Sealer', {
      description: `Has the audit log sealed before an export (gatehouse ${settings.stage})`,
      assumedBy: new AccountRootPrincipal(),
      maxSessionDuration: Duration.hours(1),
      inlinePolicies: {
        AuditSealer: new PolicyDocument({
          statements: [allow(['lambda:InvokeFunction'], [this.seal.lambda.functionArn])],
        }),
      },
    });
    new Rule(this, 'EveryFiveMinutes', {
      description: `Seals the audit log (gatehouse ${settings.stage})`,
      schedule: Schedule.rate(Duration.minutes(everyMinutes)),
      // The next run seals what this one missed: no retry, no queue.
      targets: [new LambdaFunction(this.seal.lambda, { retryAttempts: 0 })],
    });
    this.#stage = settings.stage;
  }

  /**
   * Alarms on what the function says in its log: that it sealed, which must come all the time, and that a chain is broken.
   * To be called once at most.
   */
  watch(): SealAlarms {
    const stage = this.#stage;
    const period = Duration.minutes(everyMinutes);
    const said = (id: string, message: string) =>
      new MetricFilter(this, id, {
        logGroup: this.seal.lambda.logGroup,
        filterPattern: FilterPattern.stringValue('$.message', '=', message),
        metricNamespace: 'Gatehouse',
        metricName: `${stage}: ${message}`,
      }).metric({ period, statistic: 'Sum' });
    const unsealed = new Alarm(this, 'Unsealed', {
      alarmDescription: `The audit log was not sealed for 15 minutes (gatehouse ${stage})`,
      metric: said('Sealed', 'audit sealed'),
      threshold: 1,
      evaluationPeriods: 3,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    });
    const broken = new Alarm(this, 'ChainBroken', {
      alarmDescription: `A chain of the audit log is broken (gatehouse ${stage})`,
      metric: said('Broken', 'audit chain broken'),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    return { unsealed, broken };
  }
}
