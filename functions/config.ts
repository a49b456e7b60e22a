import {
  drawnSecret,
  integer,
  issuer,
  keySet,
  oneOf,
  providerIssuer,
  readAll,
  switched,
  text,
  textLists,
  texts,
  type ValuesOf,
  words,
} from './config-values.ts';

/**
 * The environment of each function, parsed once. The only file that reads `process.env`.
 *
 * A function's configuration has only what that function may know: the CDK app sets no other variable on it. Everything
 * that is wrong is reported together, by name, and never with a value: some of them are not for the log.
 */
type Environment = Readonly<Record<string, string | undefined>>;

const parts = {
  issuer: { ISSUER: issuer },
  keys: { TOKEN_KEYS: keySet },
  scopes: { SCOPES: texts, DEFAULT_SCOPES: words },
  roles: { ROLES: textLists, IMPLIES: textLists },
  /** Web pages that may call from a browser. */
  origins: { ALLOWED_ORIGINS: words },
  registration: { REGISTRATION_MODE: oneOf('off', 'token', 'vetted') },
  documents: { CLIENT_DOCUMENTS: switched, VETTED_CLIENTS: words },
  registry: { REGISTRY_TABLE: text },
  grants: { GRANTS_TABLE: text },
  database: { DATABASE_CLUSTER_ARN: text, DATABASE_SECRET_ARN: text, DATABASE_NAME: text },
  audit: { AUDIT_TABLE: text },
  auditMac: { AUDIT_MAC_KEY_ARN: text },
} as const;

const service = { POWERTOOLS_SERVICE_NAME: text };

/** What every function has that serves people: the kill switch, and the dimension under which it counts. */
const serving = { ...service, SERVING: switched, METRICS_SERVICE: text };

const shapes = {
  wellKnown: {
    ...parts.issuer,
    ...parts.keys,
    ...parts.scopes,
    ...parts.registration,
    CLIENT_DOCUMENTS: parts.documents.CLIENT_DOCUMENTS,
  },
  register: {
    ...serving,
    ...parts.issuer,
    ...parts.origins,
    ...parts.audit,
    ...parts.registry,
    ...parts.registration,
    ...parts.scopes,
    VETTED_CLIENTS: words,
  },
  authorize: {
    ...serving,
    ...parts.issuer,
    ...parts.audit,
    ...parts.registry,
    ...parts.grants,
    ...parts.scopes,
    ...parts.roles,
    ...parts.documents,
    IDENTITY_KIND: oneOf('cognito', 'workos', 'oidc'),
    IDENTITY_ISSUER: providerIssuer,
    IDENTITY_CLIENT_ID: text,
    IDENTITY_SECRET_ARN: text,
    IDENTITY_ROLES_CLAIM: text,
    IDENTITY_ROLES_SEPARATOR: oneOf('none', 'space', 'comma'),
    IDENTITY_TENANT_CLAIM: text,
    IDENTITY_NAME: text,
  },
  /** What authorize has on top, where the identity provider is WorkOS. */
  authorizeAtWorkos: { WORKOS_API_URL: issuer, WORKOS_API_KEY_ARN: text },
  token: {
    ...serving,
    ...parts.issuer,
    ...parts.origins,
    ...parts.audit,
    ...parts.registry,
    ...parts.grants,
    ...parts.keys,
    ...parts.documents,
    TOKEN_SIGNING_KEY_ARN: text,
    REFRESH_GRACE_SECONDS: integer(0, 60),
    CLIENT_RATE: integer(1, 10_000),
    // Requests are paid for in tens (core/oauth/token-bucket.ts): a smaller burst would let nobody through.
    CLIENT_BURST: integer(10, 5_000),
  },
  mcp: {
    ...serving,
    ...parts.issuer,
    ...parts.origins,
    ...parts.keys,
    ...parts.scopes,
    ...parts.roles,
    ...parts.audit,
    ...parts.auditMac,
    QUERY_TOOL: switched,
    FENCE_LINKS: oneOf('defanged', 'kept'),
    DATABASE: switched,
  },
  /** What mcp has on top, where there is a database. */
  mcpAtDatabase: { ...parts.database, WRITE_FUNCTION: text },
  mcpWrite: {
    ...serving,
    ...parts.issuer,
    ...parts.keys,
    ...parts.scopes,
    ...parts.roles,
    ...parts.audit,
    ...parts.auditMac,
    ...parts.grants,
    ...parts.database,
  },
  seal: {
    ...service,
    ...parts.audit,
    AUDIT_SIGNING_KEY_ARN: text,
    /** The key that signs first, then those that signed before it. */
    AUDIT_KEYS: keySet,
    AUDIT_BUCKET: text,
    AUDIT_ORIGIN: text,
  },
  /** What every function that API Gateway calls has on top, where CloudFront stands in front. */
  originLock: { ...parts.issuer, ORIGIN_SECRET: drawnSecret },
  migrate: { ...service, DATABASE: switched },
  /** What migrate has on top, where there is a database. */
  migrateAtDatabase: {
    ...parts.database,
    READER_SECRET_ARN: text,
    WRITER_SECRET_ARN: text,
    SAMPLE_DATA: oneOf('true', 'false'),
    LAMBDA_TASK_ROOT: text,
  },
} as const;

type Shapes = typeof shapes;
export type FunctionName = keyof Shapes;
export type Config<N extends FunctionName> = ValuesOf<Shapes[N]>;

/**
 * The configuration of one function.
 *
 * @throws Error naming every variable that is missing or wrong. A function that cannot be sure of its configuration
 *   does not start: fail closed, 5xx, never a guess.
 */
export function configOf<N extends FunctionName>(name: N, environment: Environment = process.env): Config<N> {
  const read = readAll<Shapes[N]>(shapes[name], environment);
  if (read.ok) return Object.freeze(read.value);
  throw new Error(`The ${name} function cannot start: ${read.error.join('; ')}. The CDK app sets these; deploy again.`);
}

/**
 * The configuration of the origin lock; undefined where the CDK app set none.
 *
 * @throws Error when there is one that cannot be used: a lock that opens to anything is none
 */
export function originLockConfig(environment: Environment = process.env): Config<'originLock'> | undefined {
  return environment.ORIGIN_SECRET === undefined ? undefined : configOf('originLock', environment);
}
