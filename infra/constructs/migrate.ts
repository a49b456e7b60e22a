import { CustomResource, Duration } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Database } from './database.ts';
import type { FunctionKey } from './function-key.ts';
import { allow } from './permissions.ts';
import { ServiceFunction, type Surroundings } from './service-function.ts';

/** Properties of a {@link Migrate}. */
export type MigrateProps = Surroundings & {
  readonly database: Database | undefined;
  /** The token keys, newest first: the first signs, all verify. */
  readonly tokenKeys: readonly FunctionKey[];
  /** The keys of the audit log's checkpoints, newest first. */
  readonly auditKeys: readonly FunctionKey[];
  /** Hash of the migration files: another hash is another deployment of the schema. */
  readonly migrations: string;
};

/**
 * What happens at deploy: the schema is brought up to date and checked, and public keys become a JWK set.
 *
 * CloudFormation calls the function itself, with the deployer's rights, and the function answers CloudFormation itself:
 * the CDK's provider framework would add two functions and their roles, with permissions we did not write.
 */
export class Migrate extends Construct {
  readonly migrate: ServiceFunction;
  /** The public token keys as a JWK set, known when the stack is deployed. */
  readonly tokenKeys: string;
  /** The public keys of the audit log's checkpoints, likewise. */
  readonly auditKeys: string;
  /** Absent, like the next one, where there is no database. */
  readonly schema: CustomResource | undefined;
  /** What a person assumes to look at the privileges; may be assumed by principals of this account that are allowed to. */
  readonly checkerRole: Role | undefined;

  constructor(scope: Construct, id: string, props: MigrateProps) {
    super(scope, id);
    const { settings, code, database } = props;
    this.migrate = new ServiceFunction(this, 'Migrate', {
      settings,
      code,
      name: 'migrate',
      description: 'Schema and public keys, at deploy',
      timeout: Duration.minutes(5),
      concurrency: 1,
      environment: {
        DATABASE: database ? 'on' : 'off',
        ...(database && {
          DATABASE_CLUSTER_ARN: database.clusterArn,
          DATABASE_SECRET_ARN: database.adminSecretArn,
          DATABASE_NAME: database.name,
          READER_SECRET_ARN: database.readerSecretArn,
          WRITER_SECRET_ARN: database.writerSecretArn,
          SAMPLE_DATA: String(settings.sampleData),
        }),
      },
      permissions: [
        ...(database ? asMaster(database) : []),
        allow(
          ['kms:GetPublicKey'],
          [...props.tokenKeys, ...props.auditKeys].map(({ keyArn }) => keyArn),
        ),
      ],
    });
    const atDeploy = {
      serviceToken: this.migrate.lambda.functionArn,
      // A function that never answers would hold the deployment for an hour.
      serviceTimeout: Duration.minutes(6),
    };
    const publicKeys = new CustomResource(this, 'PublicKeys', {
      ...atDeploy,
      resourceType: 'Custom::PublicKeys',
      properties: { KeyArns: props.tokenKeys.map(({ keyArn }) => keyArn) },
    });
    this.tokenKeys = publicKeys.getAttString('Jwks');
    const auditKeys = new CustomResource(this, 'AuditPublicKeys', {
      ...atDeploy,
      resourceType: 'Custom::PublicKeys',
      properties: { KeyArns: props.auditKeys.map(({ keyArn }) => keyArn) },
    });
    this.auditKeys = auditKeys.getAttString('Jwks');
    // One after the other: the function runs once at a time.
    auditKeys.node.addDependency(publicKeys);
    if (database === undefined) return;
    this.schema = new CustomResource(this, 'Schema', {
      ...atDeploy,
      resourceType: 'Custom::DatabaseSchema',
      properties: { Migrations: props.migrations, SampleData: String(settings.sampleData) },
    });
    this.schema.node.addDependency(auditKeys);
    // Who may invoke it may send any event, for IAM cannot see one. The worst of them repeats what the deployment did:
    // files, secrets and sample data are the function's own, and what it would publish elsewhere is public.
    this.checkerRole = new Role(this, 'Checker', {
      description: `Looks at the privileges in the database (gatehouse ${settings.stage})`,
      assumedBy: new AccountRootPrincipal(),
      maxSessionDuration: Duration.hours(1),
      inlinePolicies: {
        DatabaseChecker: new PolicyDocument({
          statements: [allow(['lambda:InvokeFunction'], [this.migrate.lambda.functionArn])],
        }),
      },
    });
  }
}

/** Everything of the database's, and the one place that has it. */
function asMaster({ clusterArn, adminSecretArn, readerSecretArn, writerSecretArn }: Database) {
  return [
    allow(
      [
        'rds-data:BeginTransaction',
        'rds-data:CommitTransaction',
        'rds-data:ExecuteStatement',
        'rds-data:RollbackTransaction',
      ],
      [clusterArn],
    ),
    allow(['secretsmanager:GetSecretValue'], [adminSecretArn, readerSecretArn, writerSecretArn]),
  ];
}
