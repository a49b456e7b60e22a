import { Duration } from 'aws-cdk-lib';
import { Construct, type IDependable } from 'constructs';
import type { AuditLog } from './audit-log.ts';
import type { Database } from './database.ts';
import type { ItemTable } from './item-table.ts';
import { allow } from './permissions.ts';
import { ServiceFunction, type Surroundings } from './service-function.ts';

/** Properties of {@link ToolFunctions}. */
export type ToolFunctionsProps = Surroundings & {
  readonly issuer: string;
  /** The public keys of access tokens, as a JWK set. */
  readonly tokenKeys: string;
  readonly audit: AuditLog;
  readonly database: Database;
  readonly grants: ItemTable;
  /** The schema these need: they change only after it did. */
  readonly schema: IDependable;
};

/**
 * The two functions that run tools. What separates reading from writing is not code: `mcp` may read the reader's secret
 * and cannot commit, `mcp-write` may read the writer's secret and is called by `mcp` alone.
 */
export class ToolFunctions extends Construct {
  readonly mcp: ServiceFunction;
  readonly mcpWrite: ServiceFunction;

  constructor(scope: Construct, id: string, props: ToolFunctionsProps) {
    super(scope, id);
    const { settings, code, issuer, tokenKeys, audit, database, grants } = props;
    const { clusterArn } = database.cluster;
    const common = {
      ISSUER: issuer,
      TOKEN_KEYS: tokenKeys,
      SCOPES: JSON.stringify(settings.scopes),
      DEFAULT_SCOPES: settings.defaultScopes.join(' '),
      ROLES: JSON.stringify(settings.roles),
      AUDIT_TABLE: audit.table.tableName,
      AUDIT_MAC_KEY_ARN: audit.macKey.keyArn,
      DATABASE_CLUSTER_ARN: clusterArn,
      DATABASE_NAME: database.name,
    };
    const appendToAudit = () => [
      allow(['dynamodb:PartiQLInsert'], [audit.table.tableArn]),
      allow(['kms:GenerateMac'], [audit.macKey.keyArn]),
    ];

    this.mcpWrite = new ServiceFunction(this, 'McpWrite', {
      settings,
      code,
      name: 'mcp-write',
      description: 'Runs one tool that writes',
      concurrency: settings.concurrency['mcp-write'],
      environment: {
        ...common,
        GRANTS_TABLE: grants.tableName,
        DATABASE_SECRET_ARN: database.writerSecret.secretArn,
      },
      permissions: [
        allow(
          [
            'rds-data:BeginTransaction',
            'rds-data:CommitTransaction',
            'rds-data:ExecuteStatement',
            'rds-data:RollbackTransaction',
          ],
          [clusterArn],
        ),
        allow(['secretsmanager:GetSecretValue'], [database.writerSecret.secretArn]),
        ...appendToAudit(),
        allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [grants.tableArn], {
          keys: ['APPROVAL#'],
        }),
      ],
    });

    this.mcp = new ServiceFunction(this, 'Mcp', {
      settings,
      code,
      name: 'mcp',
      description: 'The MCP endpoint: verifies the token, runs tools that read',
      concurrency: settings.concurrency.mcp,
      // One second less than API Gateway waits: its own 504 would tell the client nothing.
      timeout: Duration.seconds(29),
      environment: {
        ...common,
        DATABASE_SECRET_ARN: database.readerSecret.secretArn,
        WRITE_FUNCTION: this.mcpWrite.lambda.functionName,
      },
      permissions: [
        allow(['rds-data:BeginTransaction', 'rds-data:ExecuteStatement', 'rds-data:RollbackTransaction'], [clusterArn]),
        allow(['secretsmanager:GetSecretValue'], [database.readerSecret.secretArn]),
        ...appendToAudit(),
        allow(['lambda:InvokeFunction'], [this.mcpWrite.lambda.functionArn]),
      ],
    });
    this.mcp.node.addDependency(props.schema);
    this.mcpWrite.node.addDependency(props.schema);
  }
}
