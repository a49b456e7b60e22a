import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms, type Watched } from '../constructs/alarms.ts';
import { Alerts } from '../constructs/alarms-raise.ts';
import { AuditAlarms } from '../constructs/audit-alarms.ts';
import { AuthorizationServer } from '../constructs/authorization-server.ts';
import { Budget } from '../constructs/budget.ts';
import { Dashboard } from '../constructs/dashboard.ts';
import { FrontDoor } from '../constructs/front-door.ts';
import { Migrate } from '../constructs/migrate.ts';
import { Notifications } from '../constructs/notifications.ts';
import { Seal } from '../constructs/seal.ts';
import type { Surroundings } from '../constructs/service-function.ts';
import { SignIn } from '../constructs/sign-in.ts';
import { ToolFunctions } from '../constructs/tool-functions.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from './data.ts';

/** Properties of a {@link ServiceStack}. */
export type ServiceStackProps = StackProps &
  Surroundings & {
    readonly data: DataStack;
    /** Hash of the migration files. */
    readonly migrations: string;
  };

/** What is looked at by alarms and the dashboard. */
type Parts = {
  readonly data: DataStack;
  readonly door: FrontDoor;
  readonly server: AuthorizationServer;
  readonly tools: ToolFunctions;
  readonly sealing: Seal;
  readonly atDeploy: Migrate;
  readonly settings: Settings;
};

/** Everything that can be made again: the API, the functions, their roles and logs, our client at the user pool. */
export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    const { settings, code, data, migrations, ...rest } = props;
    super(scope, id, rest);
    const { registry, grants, operator, audit, database, tokenKey, people } = data;
    const surroundings: Surroundings = { settings, code };

    // The API is made without routes first: functions know its address, routes know the functions.
    const door = new FrontDoor(this, 'FrontDoor', { settings });
    const issuer = door.url;
    const { provider: identityProvider } = new SignIn(this, 'SignIn', {
      identity: settings.identity,
      callback: `${issuer}/callback`,
      people,
      secret: data.identitySecret,
      apiKey: data.workosApiKey,
    });
    const atDeploy = new Migrate(this, 'AtDeploy', {
      ...surroundings,
      database,
      tokenKeys: data.tokenKeys,
      auditKeys: audit.signingKeys,
      migrations,
    });
    const { tokenKeys, auditKeys, schema, checkerRole } = atDeploy;
    const server = new AuthorizationServer(this, 'AuthorizationServer', {
      ...surroundings,
      issuer,
      tokenKeys,
      tokenKey,
      registry,
      grants,
      audit,
      identityProvider,
    });
    const tools = new ToolFunctions(this, 'Tools', {
      ...surroundings,
      issuer,
      tokenKeys,
      audit,
      database,
      grants,
      schema,
    });
    const sealing = new Seal(this, 'Sealing', { ...surroundings, audit, auditKeys });
    door.open({
      name: 'well-known',
      target: server.wellKnown.lambda,
      challenges: false,
      paths: {
        '/.well-known/oauth-authorization-server': ['GET'],
        '/.well-known/oauth-protected-resource': ['GET'],
        '/.well-known/oauth-protected-resource/mcp': ['GET'],
        '/.well-known/openid-configuration': ['GET'],
        '/.well-known/jwks.json': ['GET'],
      },
    });
    door.open({
      name: 'register',
      target: server.register.lambda,
      challenges: true,
      paths: { '/register': ['POST'] },
    });
    door.open({
      name: 'authorize',
      target: server.authorize.lambda,
      challenges: false,
      paths: { '/authorize': ['GET'], '/consent': ['POST'], '/callback': ['GET'] },
    });
    door.open({
      name: 'token',
      target: server.token.lambda,
      challenges: true,
      paths: { '/token': ['POST'], '/revoke': ['POST'] },
    });
    door.open({ name: 'mcp', target: tools.mcp.lambda, challenges: true, paths: { '/mcp': ['POST'] } });
    door.publish();

    const notifications = this.#watch({ data, door, server, tools, sealing, atDeploy, settings });

    this.#tell({
      McpUrl: [`${issuer}/mcp`, 'Give this address to MCP clients'],
      Issuer: [issuer, 'The authorization server'],
      NextSteps: [
        `npx gatehouse doctor --url ${issuer}/mcp`,
        'Run this next: is it right from outside, and what to paste into each client',
      ],
      AuditTableName: [audit.table.tableName, 'The audit log'],
      AuditReaderRoleArn: [audit.readerRole.roleArn, 'To be assumed by who reads the audit log'],
      AuditSealerRoleArn: [sealing.sealerRole.roleArn, 'To be assumed by who seals the audit log before an export'],
      AuditSealFunction: [sealing.seal.lambda.functionArn, 'Seals the audit log'],
      AuditSigningKeyArn: [
        audit.signingKeys.map(({ keyArn }) => keyArn).join(','),
        'Signs the audit log; after a comma each that signed before it',
      ],
      AuditBucketName: [audit.bucket.bucketName, 'Locked copies of the checkpoints'],
      OperatorRoleArn: [operator.role.roleArn, 'To be assumed by who decides about clients and grants'],
      RegistryTableName: [registry.tableName, 'Clients'],
      GrantsTableName: [grants.tableName, 'Sign-ins and refresh families'],
      ...(notifications && {
        AlarmTopicArn: [notifications.topic.topicArn, 'Where alarms are told: subscribe whoever has to know'],
      }),
      ...(checkerRole && {
        DatabaseCheckerRoleArn: [checkerRole.roleArn, 'To be assumed by who looks at privileges in the database'],
        MigrateFunctionName: [
          atDeploy.migrate.lambda.functionName,
          'Prepares the database, and says who may do what in it',
        ],
      }),
      ...(people
        ? { UserPoolId: [people.userPool.userPoolId, 'Where people and their groups are'] }
        : { IdentitySecretArn: [identityProvider.secretArn, 'Put the client secret of the identity provider here'] }),
      ...(identityProvider.apiKeyArn && {
        WorkosApiKeyArn: [identityProvider.apiKeyArn, 'Put the WorkOS API key here'],
      }),
    });
  }

  /** Alarms, the topic they tell, the budget and the dashboard: what only looks on. */
  #watch({ data, door, server, tools, sealing, atDeploy, settings }: Parts): Notifications | undefined {
    const { stage, alarms } = settings;
    const { registry, grants, audit, database, tokenKey } = data;
    const { wellKnown, register, authorize, token } = server;
    const appending = {
      register,
      authorize,
      token,
      mcp: tools.mcp,
      ...(tools.mcpWrite && { 'mcp-write': tools.mcpWrite }),
    };
    const watched: Watched = {
      settings,
      apiId: door.apiId,
      functions: { 'well-known': wellKnown, ...appending, seal: sealing.seal, migrate: atDeploy.migrate },
      signing: token,
      tables: { registry, grants, audit: audit.table },
      cluster: settings.database.kind === 'aurora' ? database : undefined,
    };
    const keys = [tokenKey, audit.macKey];
    if (!alarms.enabled) {
      new Dashboard(this, 'Dashboard', { ...watched, alarms: [], keys, accessLog: door.accessLog });
      return undefined;
    }
    const notifications = new Notifications(this, 'Notifications', { stage, alarms });
    const alerts = new Alerts(stage, notifications);
    new AuditAlarms(this, 'AuditAlarms', { alerts, stage, appending, sealing: sealing.seal });
    new Alarms(this, 'Alarms', { ...watched, alerts, sealing: sealing.watch() });
    new Dashboard(this, 'Dashboard', { ...watched, alarms: alerts.all, keys, accessLog: door.accessLog });
    if (alarms.monthlyBudgetUsd !== undefined) {
      new Budget(this, 'Budget', { monthlyUsd: alarms.monthlyBudgetUsd, notifications });
    }
    return notifications;
  }

  #tell(outputs: Readonly<Record<string, readonly [value: string, description: string]>>): void {
    for (const [name, [value, description]] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value, description });
    }
  }
}
