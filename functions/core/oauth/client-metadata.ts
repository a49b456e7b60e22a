import canonicalize from 'canonicalize';
import * as z from 'zod/mini';
import { ok, type Result, refuse } from '../result.ts';
import { GRANT_TYPES, type GrantType } from './client.ts';
import { digest } from './digest.ts';
import type { RegistrationRefusal } from './errors.ts';
import { type ClientId, parseClientId } from './identifiers.ts';
import { plainName } from './plain-name.ts';
import { OFFLINE_ACCESS, parseScope } from './scope.ts';

/**
 * Client metadata (RFC 7591 section 2), cut down to what this server registers. Values it cannot offer are replaced by
 * what it does offer and the answer says so (section 3.2.1); what could never work is refused.
 */
export type ClientMetadata = {
  /** As sent, each once. */
  readonly redirectUris: readonly string[];
  readonly name: string | undefined;
  readonly grantTypes: readonly GrantType[];
  /** The known scopes among those it named; `undefined` when it named none. */
  readonly scope: readonly string[] | undefined;
};

const MAX_REDIRECT_URIS = 10;
const MAX_NAME = 100;

const strings = z.optional(z.nullable(z.array(z.string())));
const text = z.optional(z.nullable(z.string()));
const https = z.optional(z.nullable(z.string().check(z.regex(/^https:\/\/[^\s\\]+$/, 'must be an https URL'))));

/** Members this server has never heard of are ignored (section 2). Addresses are looked at and then dropped: none is fetched. */
const Metadata = z.object({
  client_name: text,
  token_endpoint_auth_method: text,
  grant_types: strings,
  response_types: strings,
  scope: text,
  client_uri: https,
  logo_uri: https,
  tos_uri: https,
  policy_uri: https,
  jwks_uri: https,
});

/** Reads a registration request; `catalogue` is every scope there is. */
export function readClientMetadata(
  body: Readonly<Record<string, unknown>>,
  catalogue: readonly string[],
): Result<ClientMetadata, RegistrationRefusal> {
  // Section 3.1.1: a statement that nobody here can verify is not merely ignored, its claims were meant to be binding.
  if (body.software_statement !== undefined) return refuse({ reason: 'software-statement' });
  const redirectUris = readRedirectUris(body.redirect_uris);
  if (!redirectUris.ok) return redirectUris;
  const parsed = z.safeParse(Metadata, body);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return unusable(String(issue?.path[0] ?? 'metadata'), issue?.message ?? 'unusable');
  }
  const { client_name: givenName, grant_types: grantTypes, response_types: responseTypes, scope } = parsed.data;
  if (givenName && [...givenName].length > MAX_NAME) return unusable('client_name', `over ${MAX_NAME} characters`);

  if (responseTypes && !responseTypes.includes('code')) return unusable('response_types', 'must contain code');
  const granted = GRANT_TYPES.filter((type) => !grantTypes || grantTypes.includes(type));
  if (!granted.includes('authorization_code')) return unusable('grant_types', 'must contain authorization_code');

  const known = readScope(scope, catalogue);
  if (!known.ok) return known;
  return ok({ redirectUris: redirectUris.value, name: plainName(givenName), grantTypes: granted, scope: known.value });
}

function readRedirectUris(value: unknown): Result<readonly string[], RegistrationRefusal> {
  const wrong = (problem: string) => refuse({ reason: 'redirect-uris-unusable', problem });
  if (!Array.isArray(value) || value.length === 0) return wrong('must be a list of at least one');
  if (value.length > MAX_REDIRECT_URIS) return wrong(`may be ${MAX_REDIRECT_URIS} at most`);
  if (!value.every((uri): uri is string => typeof uri === 'string')) return wrong('must all be strings');
  return ok([...new Set(value)]);
}

function readScope(
  scope: string | null | undefined,
  catalogue: readonly string[],
): Result<readonly string[] | undefined, RegistrationRefusal> {
  if (!scope) return ok(undefined);
  const requested = parseScope(scope);
  if (!requested.ok) return requested;
  const reach = [...catalogue, OFFLINE_ACCESS];
  const known = requested.value.filter((name) => reach.includes(name));
  return known.length > 0 ? ok(known) : refuse({ reason: 'scope-beyond-reach', requested: requested.value, reach });
}

function unusable(member: string, problem: string) {
  return refuse({ reason: 'metadata-unusable', member, problem });
}

/**
 * The id of a client that registers itself: a digest of what it registers, in canonical form (RFC 8785), lists sorted.
 * So registering is idempotent, and a flood of equal registrations is one item. The ceiling of an invitation is part of it:
 * two invitations never share a client that one of them may not have.
 */
export function clientIdOf(
  { redirectUris, name, grantTypes, scope }: ClientMetadata,
  ceiling?: readonly string[],
): ClientId {
  const canonical = canonicalize({
    redirect_uris: redirectUris.toSorted(),
    client_name: name ?? null,
    grant_types: grantTypes.toSorted(),
    scope: scope?.toSorted() ?? null,
    ...(ceiling && { ceiling: ceiling.toSorted() }),
  });
  const id = parseClientId(digest(canonical ?? ''));
  if (id === undefined) throw new Error('a digest is always a usable client id');
  return id;
}
