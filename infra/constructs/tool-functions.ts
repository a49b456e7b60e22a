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
  /** Where rows are; absent where there are none. */
  readonly database: Database | undefined;
  readonly grants: ItemTable;
  /** The schema these need: they change only after it did. */
  readonly schema: IDependable | undefined;
};

/**
 * The two functions that run tools. What separates reading from writing is not code: `mcp` may read the reader's secret
 * and cannot commit, `mcp-write` may read the writer's secret and is called by `mcp` alone. Without a database there is
 * nothing to write, and no `mcp-write`.
 */
export class ToolFunctions extends Construct {
  readonly mcp: ServiceFunction;
  readonly mcpWrite: ServiceFunction | undefined;

  constructor(scope: Construct, id: string, props: ToolFunctionsProps) {
    super(scope, id);
    const { settings, code, issuer, tokenKeys, audit, database, grants } = props;
    const common = {
      ISSUER: issuer,
      TOKEN_KEYS: tokenKeys,
      SCOPES: JSON.stringify(settings.scopes),
      DEFAULT_SCOPES: settings.defaultScopes.join(' '),
      ROLES: JSON.stringify(settings.roles),
      IMPLIES: JSON.stringify(settings.implies),
      AUDIT_TABLE: audit.table.tableName,
      AUDIT_MAC_KEY_ARN: audit.macKey.keyArn,
    };
    const appendToAudit = () => [
      // Its own rows, and none in the place of a checkpoint: whoever took the next number could stop the seal.
      allow(['dynamodb:PartiQLInsert'], [audit.table.tableArn], { keys: ['D#', 'S#'] }),
      allow(['kms:GenerateMac'], [audit.macKey.keyArn]),
    ];

    this.mcpWrite =
      database &&
      new ServiceFunction(this, 'McpWrite', {
        settings,
        code,
        name: 'mcp-write',
        description: 'Runs one tool that writes',
        concurrency: settings.concurrency['mcp-write'],
        environment: { ...common, GRANTS_TABLE: grants.tableName, ...variables(database, database.writerSecretArn) },
        permissions: [
          allow(
            [
              'rds-data:BeginTransaction',
              'rds-data:CommitTransaction',
              'rds-data:ExecuteStatement',
              'rds-data:RollbackTransaction',
            ],
            [database.clusterArn],
          ),
          allow(['secretsmanager:GetSecretValue'], [database.writerSecretArn]),
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
        ALLOWED_ORIGINS: settings.allowedOrigins.join(' '),
        QUERY_TOOL: settings.tools.query ? 'on' : 'off',
        FENCE_LINKS: settings.fence.links,
        DATABASE: database ? 'on' : 'off',
        ...(database && variables(database, database.readerSecretArn)),
        ...(this.mcpWrite && { WRITE_FUNCTION: this.mcpWrite.lambda.functionName }),
      },
      permissions: [
        ...(database
          ? [
              allow(
                ['rds-data:BeginTransaction', 'rds-data:ExecuteStatement', 'rds-data:RollbackTransaction'],
                [database.clusterArn],
              ),
              allow(['secretsmanager:GetSecretValue'], [database.readerSecretArn]),
            ]
          : []),
        ...appendToAudit(),
        ...(this.mcpWrite ? [allow(['lambda:InvokeFunction'], [this.mcpWrite.lambda.functionArn])] : []),
      ],
    });
    if (props.schema === undefined) return;
    this.mcp.node.addDependency(props.schema);
    this.mcpWrite?.node.addDependency(props.schema);
  }
}

function variables({ clusterArn, name }: Database, secretArn: string) {
  return { DATABASE_CLUSTER_ARN: clusterArn, DATABASE_NAME: name, DATABASE_SECRET_ARN: secretArn };
}
