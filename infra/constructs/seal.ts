import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { AuditLog } from './audit-log.ts';
import { allow, ES256 } from './permissions.ts';
import { ServiceFunction, type Surroundings } from './service-function.ts';

/** Properties of a {@link Seal}. */
export type SealProps = Surroundings & { readonly audit: AuditLog };

/**
 * Signs a checkpoint of the audit log every five minutes. An EventBridge rule and not a schedule of EventBridge
 * Scheduler: a rule invokes with a permission on the function, a schedule needs one more role.
 */
export class Seal extends Construct {
  readonly seal: ServiceFunction;

  constructor(scope: Construct, id: string, props: SealProps) {
    super(scope, id);
    const { settings, code, audit } = props;
    const { tableArn, tableName } = audit.table;
    this.seal = new ServiceFunction(this, 'Seal', {
      settings,
      code,
      name: 'seal',
      description: 'Signs checkpoints of the audit log',
      concurrency: 1,
      environment: {
        AUDIT_TABLE: tableName,
        AUDIT_SIGNING_KEY_ARN: audit.signingKey.keyArn,
        AUDIT_BUCKET: audit.bucket.bucketName,
      },
      permissions: [
        allow(['dynamodb:GetItem', 'dynamodb:PartiQLInsert'], [tableArn]),
        allow(['dynamodb:Query'], [tableArn, `${tableArn}/index/by-subject`]),
        allow(['kms:Sign'], [audit.signingKey.keyArn], { conditions: ES256 }),
        allow(['s3:PutObject'], [audit.bucket.arnForObjects('*')]),
      ],
    });
    new Rule(this, 'EveryFiveMinutes', {
      description: `Seals the audit log (gatehouse ${settings.stage})`,
      schedule: Schedule.rate(Duration.minutes(5)),
      // The next run seals what this one missed: no retry, no queue.
      targets: [new LambdaFunction(this.seal.lambda, { retryAttempts: 0 })],
    });
  }
}
