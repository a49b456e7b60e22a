import { Construct } from 'constructs';
import type { AuditLog } from './audit-log.ts';
import type { FunctionKey } from './function-key.ts';
import type { ItemTable } from './item-table.ts';
import { allow, ES256 } from './permissions.ts';
import { ServiceFunction, type Surroundings } from './service-function.ts';
import type { IdentityProvider } from './sign-in.ts';

/** Properties of an {@link AuthorizationServer}. */
export type AuthorizationServerProps = Surroundings & {
  readonly issuer: string;
  /** The public keys of access tokens, as a JWK set. */
  readonly tokenKeys: string;
  readonly tokenKey: FunctionKey;
  readonly registry: ItemTable;
  readonly grants: ItemTable;
  readonly audit: AuditLog;
  readonly identityProvider: IdentityProvider;
};

/** The four functions that decide who gets a token. No two of them can do the same. */
export class AuthorizationServer extends Construct {
  readonly wellKnown: ServiceFunction;
  readonly register: ServiceFunction;
  readonly authorize: ServiceFunction;
  readonly token: ServiceFunction;

  constructor(scope: Construct, id: string, props: AuthorizationServerProps) {
    super(scope, id);
    const { settings, code, issuer, tokenKeys, tokenKey, registry, grants, audit, identityProvider: provider } = props;
    const { registration, concurrency } = settings;
    const scopes = { SCOPES: JSON.stringify(settings.scopes), DEFAULT_SCOPES: settings.defaultScopes.join(' ') };

    const documents = registration.cimd ? 'on' : 'off';
    // Who came and what they got is on record before they have it. Adding rows is all that is allowed there, and none in
    // the place of a checkpoint.
    const audited = { AUDIT_TABLE: audit.table.tableName };
    const appendToAudit = () => allow(['dynamodb:PartiQLInsert'], [audit.table.tableArn], { keys: ['D#', 'S#'] });

    const clients = { CLIENT_DOCUMENTS: documents, VETTED_CLIENTS: registration.vetted.join(' ') };

    this.wellKnown = new ServiceFunction(this, 'WellKnown', {
      settings,
      code,
      name: 'well-known',
      description: 'Metadata and public keys',
      concurrency: concurrency['well-known'],
      environment: {
        ISSUER: issuer,
        TOKEN_KEYS: tokenKeys,
        REGISTRATION_MODE: registration.dcr,
        CLIENT_DOCUMENTS: documents,
        ...scopes,
      },
    });

    this.register = new ServiceFunction(this, 'Register', {
      settings,
      code,
      name: 'register',
      description: 'Dynamic client registration',
      concurrency: concurrency.register,
      environment: {
        ISSUER: issuer,
        ALLOWED_ORIGINS: settings.allowedOrigins.join(' '),
        REGISTRY_TABLE: registry.tableName,
        REGISTRATION_MODE: registration.dcr,
        VETTED_CLIENTS: registration.vetted.join(' '),
        ...audited,
        ...scopes,
      },
      permissions: [
        allow(['dynamodb:PutItem'], [registry.tableArn], { keys: ['CLIENT#'] }),
        ...(registration.dcr === 'token'
          ? [allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [registry.tableArn], { keys: ['TOKEN#'] })]
          : []),
        appendToAudit(),
      ],
    });

    this.authorize = new ServiceFunction(this, 'Authorize', {
      settings,
      code,
      name: 'authorize',
      description: 'Consent and sign-in at the identity provider',
      concurrency: concurrency.authorize,
      environment: {
        ISSUER: issuer,
        REGISTRY_TABLE: registry.tableName,
        GRANTS_TABLE: grants.tableName,
        ...audited,
        ...scopes,
        ...clients,
        ROLES: JSON.stringify(settings.roles),
        IMPLIES: JSON.stringify(settings.implies),
        IDENTITY_KIND: settings.identity.kind,
        IDENTITY_ISSUER: provider.issuer,
        IDENTITY_CLIENT_ID: provider.clientId,
        IDENTITY_SECRET_ARN: provider.secretArn,
        IDENTITY_ROLES_CLAIM: provider.rolesClaim,
        IDENTITY_ROLES_SEPARATOR: provider.rolesSeparator ?? 'none',
        IDENTITY_TENANT_CLAIM: provider.tenantClaim,
        IDENTITY_NAME: provider.name,
        ...(provider.apiKeyArn && { WORKOS_API_URL: 'https://api.workos.com', WORKOS_API_KEY_ARN: provider.apiKeyArn }),
      },
      permissions: [
        allow(['dynamodb:GetItem'], [registry.tableArn], { keys: ['CLIENT#', 'RULE#', 'CIMD#'] }),
        allow(['dynamodb:PutItem'], [registry.tableArn], { keys: ['CIMD#'] }),
        allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [grants.tableArn], { keys: ['TXN#'] }),
        allow(['dynamodb:PutItem'], [grants.tableArn], { keys: ['TXN#', 'GRANT#'] }),
        allow(
          ['secretsmanager:GetSecretValue'],
          [provider.secretArn, provider.apiKeyArn].filter((arn) => arn !== undefined),
        ),
        appendToAudit(),
      ],
    });

    this.token = new ServiceFunction(this, 'Token', {
      settings,
      code,
      name: 'token',
      description: 'Codes and refresh tokens to access tokens',
      concurrency: concurrency.token,
      environment: {
        ISSUER: issuer,
        ALLOWED_ORIGINS: settings.allowedOrigins.join(' '),
        REGISTRY_TABLE: registry.tableName,
        GRANTS_TABLE: grants.tableName,
        ...audited,
        ...clients,
        TOKEN_SIGNING_KEY_ARN: tokenKey.keyArn,
        TOKEN_KEYS: tokenKeys,
        REFRESH_GRACE_SECONDS: String(settings.refreshGraceSeconds),
        CLIENT_RATE: String(settings.tokensPerClient.rate),
        CLIENT_BURST: String(settings.tokensPerClient.burst),
      },
      permissions: [
        // One statement for both tables: AWS does not say whether a batch is judged by the keys it has of each table, or
        // by all of them. No kind of item is in both tables, so it allows no more than one statement each would.
        allow(['dynamodb:BatchGetItem'], [registry.tableArn, grants.tableArn], {
          keys: ['CLIENT#', 'RULE#', 'CIMD#', 'GRANT#'],
        }),
        allow(['dynamodb:UpdateItem'], [registry.tableArn], { keys: ['CLIENT#'] }),
        allow(['dynamodb:UpdateItem'], [grants.tableArn], { keys: ['GRANT#', 'BUCKET#'] }),
        allow(['dynamodb:PutItem'], [grants.tableArn], { keys: ['JTI#'] }),
        allow(['kms:Sign'], [tokenKey.keyArn], { conditions: ES256 }),
        appendToAudit(),
      ],
    });
  }
}
