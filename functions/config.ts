import * as z from 'zod/mini';

/**
 * The environment of each function, parsed once. The only file that reads `process.env`.
 *
 * A function's configuration has only what that function may know: the CDK app sets no other variable on it. Everything
 * that is wrong is reported together, by name, and never with a value: some of them are not for the log.
 */
type Environment = Readonly<Record<string, string | undefined>>;

const text = z.string().check(z.minLength(1));

/** https, or http on a loopback name (the local run): RFC 8414 section 2 wants https, OAuth 2.1 section 1.5 allows loopback. */
const issuer = z
  .string()
  .check(
    z.regex(/^(?:https:\/\/[^/?#\s]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)(?:\/[^?#\s]*[^/?#\s])?$/),
  );

const json = <T extends z.ZodMiniType>(shape: T) =>
  z.pipe(
    z.pipe(
      text,
      z.transform((value, context) => {
        try {
          return JSON.parse(value as string) as unknown;
        } catch {
          context.issues.push({ code: 'custom', message: 'is not JSON', input: undefined });
          return z.NEVER;
        }
      }),
    ),
    shape,
  );

const words = z.pipe(
  z.string(),
  z.transform((value) => (value as string).split(' ').filter((word) => word !== '')),
);

/** On or off, and nothing that is nearly one of them. */
const switched = z.pipe(
  z.enum(['on', 'off']),
  z.transform((value) => value === 'on'),
);

/** Public ES256 keys only: a private member (`d`) in here would be published, so it refuses to start (RFC 7517 section 4). */
const publicKey = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: text,
  y: text,
  kid: text,
  alg: z.literal('ES256'),
  use: z.literal('sig'),
});
const keySet = json(z.strictObject({ keys: z.array(publicKey).check(z.minLength(1)) }));
const scopes = json(z.record(z.string(), text));
const roles = json(z.record(z.string(), z.array(text)));

const parts = {
  issuer: { ISSUER: issuer },
  keys: { TOKEN_KEYS: keySet },
  scopes: { SCOPES: scopes, DEFAULT_SCOPES: words },
  roles: { ROLES: roles },
  registration: { REGISTRATION_MODE: z.enum(['off', 'token', 'vetted']) },
  documents: { CLIENT_DOCUMENTS: switched, VETTED_CLIENTS: words },
  registry: { REGISTRY_TABLE: text },
  grants: { GRANTS_TABLE: text },
  database: { DATABASE_CLUSTER_ARN: text, DATABASE_SECRET_ARN: text, DATABASE_NAME: text },
  audit: { AUDIT_TABLE: text },
  auditMac: { AUDIT_MAC_KEY_ARN: text },
} as const;

const service = { POWERTOOLS_SERVICE_NAME: text };

const shapes = {
  wellKnown: {
    ...parts.issuer,
    ...parts.keys,
    ...parts.scopes,
    ...parts.registration,
    CLIENT_DOCUMENTS: parts.documents.CLIENT_DOCUMENTS,
  },
  register: {
    ...service,
    ...parts.issuer,
    ...parts.registry,
    ...parts.registration,
    ...parts.scopes,
    VETTED_CLIENTS: words,
  },
  authorize: {
    ...service,
    ...parts.issuer,
    ...parts.registry,
    ...parts.grants,
    ...parts.scopes,
    ...parts.roles,
    ...parts.documents,
    IDENTITY_KIND: z.enum(['cognito', 'workos', 'oidc']),
    IDENTITY_ISSUER: issuer,
    IDENTITY_CLIENT_ID: text,
    IDENTITY_SECRET_ARN: text,
    IDENTITY_ROLES_CLAIM: text,
    IDENTITY_TENANT_CLAIM: text,
    IDENTITY_NAME: text,
  },
  token: {
    ...service,
    ...parts.issuer,
    ...parts.registry,
    ...parts.grants,
    ...parts.keys,
    ...parts.documents,
    TOKEN_SIGNING_KEY_ARN: text,
    REFRESH_GRACE_SECONDS: z.coerce.number().check(z.int(), z.minimum(0), z.maximum(60)),
  },
  mcp: {
    ...service,
    ...parts.issuer,
    ...parts.keys,
    ...parts.scopes,
    ...parts.roles,
    ...parts.audit,
    ...parts.auditMac,
    ...parts.database,
    WRITE_FUNCTION: text,
  },
  mcpWrite: {
    ...service,
    ...parts.issuer,
    ...parts.keys,
    ...parts.scopes,
    ...parts.roles,
    ...parts.audit,
    ...parts.auditMac,
    ...parts.grants,
    ...parts.database,
  },
  seal: { ...service, ...parts.audit },
  migrate: {
    ...service,
    ...parts.database,
    READER_SECRET_ARN: text,
    WRITER_SECRET_ARN: text,
    LAMBDA_TASK_ROOT: text,
  },
} as const;

type Shapes = typeof shapes;
export type FunctionName = keyof Shapes;
export type Config<N extends FunctionName> = Readonly<z.output<z.ZodMiniObject<Shapes[N]>>>;

/**
 * The configuration of one function.
 *
 * @throws Error naming every variable that is missing or wrong. A function that cannot be sure of its configuration
 *   does not start: fail closed, 5xx, never a guess.
 */
export function configOf<N extends FunctionName>(name: N, environment: Environment = process.env): Config<N> {
  const parsed = z.safeParse(z.object(shapes[name]) as unknown as z.ZodMiniObject<Shapes[N]>, environment);
  if (parsed.success) return Object.freeze(parsed.data) as Config<N>;
  const problems = parsed.error.issues.map((issue) => {
    const variable = String(issue.path[0]);
    return environment[variable] === undefined
      ? `${variable} is missing`
      : `${variable} has an unusable value (${issue.message})`;
  });
  throw new Error(`The ${name} function cannot start: ${problems.join('; ')}. The CDK app sets these; deploy again.`);
}
