import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { AuditLog } from '../constructs/audit-log.ts';
import { Database } from '../constructs/database.ts';
import { FunctionKey } from '../constructs/function-key.ts';
import { ItemTable } from '../constructs/item-table.ts';
import { keysUpTo, newest, numberedId } from '../constructs/numbered-keys.ts';
import { Operator } from '../constructs/operator.ts';
import { People } from '../constructs/people.ts';
import { isDisposable, type Settings } from '../settings.ts';

/** Properties of a {@link DataStack}. */
export type DataStackProps = StackProps & { readonly settings: Settings };

/**
 * Everything that cannot be made again: registrations, grants, the audit log, keys, people, the database. Retained and
 * protected, except on stage dev. Replacing anything in here loses data; a test pins the logical ids.
 */
export class DataStack extends Stack {
  readonly registry: ItemTable;
  readonly grants: ItemTable;
  readonly operator: Operator;
  readonly audit: AuditLog;
  /** ES256 keys of the access tokens: those whose tokens are good, the one that signs first. */
  readonly tokenKeys: readonly FunctionKey[];
  /** The one that signs. */
  readonly tokenKey: FunctionKey;
  /** Absent where the setting `database` is none. */
  readonly database: Database | undefined;
  /** The user pool, where `identity` is cognito. */
  readonly people: People | undefined;
  /** The client secret at the identity provider, to be filled in by a person, where `identity` is not cognito. */
  readonly identitySecret: CfnSecret | undefined;
  /** The API key that reads memberships, to be filled in likewise, where `identity` is workos. */
  readonly workosApiKey: CfnSecret | undefined;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    const { settings, ...rest } = props;
    const { stage, identity } = settings;
    const disposable = isDisposable(settings);
    super(scope, id, { terminationProtection: !disposable, ...rest });

    this.registry = new ItemTable(this, 'Registry', { disposable, expiry: 'ttl' });
    this.grants = new ItemTable(this, 'Grants', { disposable, expiry: 'ttl' });
    this.audit = new AuditLog(this, 'Audit', {
      stage,
      disposable,
      retention: Duration.days(settings.audit.retentionDays),
      logRetention: Duration.days(settings.logRetentionDays),
      signingKey: settings.audit.signingKey,
      breakGlassRoleArn: settings.audit.breakGlassRoleArn,
    });
    this.operator = new Operator(this, 'Operator', {
      stage,
      registry: this.registry,
      grants: this.grants,
      audit: this.audit.table,
    });
    const tokenKeys = keysUpTo(Math.max(...settings.tokenKeys), (number) => {
      return new FunctionKey(this, numberedId('TokenKey', number), {
        stage,
        description: 'Signs access tokens',
        spec: KeySpec.ECC_NIST_P256,
        usage: KeyUsage.SIGN_VERIFY,
        users: ['token'],
        disposable,
      });
    });
    this.tokenKeys = settings.tokenKeys.flatMap((number) => tokenKeys[number - 1] ?? []);
    this.tokenKey = newest(this.tokenKeys);
    this.database =
      settings.database.kind === 'none'
        ? undefined
        : new Database(this, 'Database', {
            stage,
            disposable,
            database: settings.database,
            logRetention: settings.logRetentionDays,
          });
    this.people =
      identity.kind === 'cognito'
        ? new People(this, 'People', { stage, disposable, roles: Object.keys(settings.roles), identity })
        : undefined;
    this.identitySecret =
      identity.kind === 'cognito'
        ? undefined
        : this.#emptySecret('IdentitySecret', `Client secret of ${identity.clientId} at ${identity.issuer}`, settings);
    this.workosApiKey =
      identity.kind === 'workos'
        ? this.#emptySecret('WorkosApiKey', 'WorkOS API key, reads memberships', settings, identity.apiKeySecret)
        : undefined;
  }

  #emptySecret(id: string, what: string, settings: Settings, name?: string): CfnSecret {
    const secret = new CfnSecret(this, id, {
      description:
        `${what} (gatehouse ${settings.stage}). Made empty; fill it with: ` +
        'aws secretsmanager put-secret-value --secret-id <this secret> --secret-string file://secret.txt',
      ...(name !== undefined && { name }),
    });
    secret.applyRemovalPolicy(isDisposable(settings) ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN);
    return secret;
  }
}
