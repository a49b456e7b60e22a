import { CustomResource, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Database } from './database.ts';
import type { FunctionKey } from './function-key.ts';
import { allow } from './permissions.ts';
import { ServiceFunction, type Surroundings } from './service-function.ts';

/** Properties of a {@link Migrate}. */
export type MigrateProps = Surroundings & {
  readonly database: Database;
  /** The token keys, newest first: the first signs, all verify. */
  readonly tokenKeys: readonly FunctionKey[];
  readonly auditSigningKey: FunctionKey;
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
  readonly schema: CustomResource;

  constructor(scope: Construct, id: string, props: MigrateProps) {
    super(scope, id);
    const { settings, code, database } = props;
    const { adminSecret, readerSecret, writerSecret, cluster } = database;
    this.migrate = new ServiceFunction(this, 'Migrate', {
      settings,
      code,
      name: 'migrate',
      description: 'Schema and public keys, at deploy',
      timeout: Duration.minutes(5),
      concurrency: 1,
      environment: {
        DATABASE_CLUSTER_ARN: cluster.clusterArn,
        DATABASE_SECRET_ARN: adminSecret.secretArn,
        DATABASE_NAME: database.name,
        READER_SECRET_ARN: readerSecret.secretArn,
        WRITER_SECRET_ARN: writerSecret.secretArn,
        SAMPLE_DATA: String(settings.sampleData),
      },
      permissions: [
        allow(
          [
            'rds-data:BeginTransaction',
            'rds-data:CommitTransaction',
            'rds-data:ExecuteStatement',
            'rds-data:RollbackTransaction',
          ],
          [cluster.clusterArn],
        ),
        allow(
          ['secretsmanager:GetSecretValue'],
          [adminSecret.secretArn, readerSecret.secretArn, writerSecret.secretArn],
        ),
        allow(
          ['kms:GetPublicKey'],
          [...props.tokenKeys, props.auditSigningKey].map(({ keyArn }) => keyArn),
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
    this.schema = new CustomResource(this, 'Schema', {
      ...atDeploy,
      resourceType: 'Custom::DatabaseSchema',
      properties: { Migrations: props.migrations, SampleData: String(settings.sampleData) },
    });
    // One after the other: the function runs once at a time.
    this.schema.node.addDependency(publicKeys);
  }
}
