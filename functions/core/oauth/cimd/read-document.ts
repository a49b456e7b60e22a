import * as z from 'zod/mini';
import { ok, type Result, refuse } from '../../result.ts';
import type { ClientAuthentication } from '../client.ts';
import { type ClientMetadata, readClientMetadata } from '../client-metadata.ts';
import { explain } from '../explain.ts';
import { checkRedirectUri, fitsTemplate } from '../redirect-uri.ts';
import { OFFLINE_ACCESS, parseScope } from '../scope.ts';
import type { DocumentRule } from './rule.ts';

/** What a client metadata document says, as far as its rule allows. */
export type ClientDocument = Pick<ClientMetadata, 'name' | 'grantTypes'> & {
  /** Document ∩ rule. May be empty: then nothing can be asked for. */
  readonly redirectUris: readonly string[];
  /** Document ∩ rule; `undefined` when neither says anything. */
  readonly ceiling: readonly string[] | undefined;
  readonly authentication: ClientAuthentication;
  /** Its keys, in the document or at an address, when it offers to sign assertions. */
  readonly jwks: unknown;
  readonly jwksUri: string | undefined;
};

const SHARED_SECRETS = ['client_secret', 'client_secret_expires_at'];

const Authentication = z.object({
  token_endpoint_auth_method: z.optional(z.string()),
  token_endpoint_auth_methods_supported: z.optional(z.array(z.string())),
  jwks: z.optional(z.record(z.string(), z.unknown())),
  jwks_uri: z.optional(z.string()),
});

/**
 * Reads a document as registration reads a request (RFC 7591 section 2), and adds what
 * draft-ietf-oauth-client-id-metadata-document sections 3 and 4 ask for: its `client_id` is its own address, it has a
 * name, and no shared secret. An error is a phrase for the log.
 */
export function readDocument(text: string, url: string, rule: DocumentRule): Result<ClientDocument, string> {
  const body = parseObject(text);
  if (body === undefined) return refuse('it is no JSON object');
  if (body.client_id !== url) return refuse('its client_id is not its address');
  if (SHARED_SECRETS.some((member) => Object.hasOwn(body, member))) return refuse('a shared secret stands in it');
  // Scopes are judged against the rule below, and unknown ones dropped: the catalogue is not needed for that.
  const metadata = readClientMetadata({ ...body, scope: undefined }, []);
  if (!metadata.ok) return refuse(explain(metadata.error));
  const { name, grantTypes } = metadata.value;
  if (name === undefined) return refuse('it has no client_name');
  const redirectUris = withinRule(metadata.value.redirectUris, rule);
  if (!redirectUris.ok) return redirectUris;
  const ceiling = readCeiling(body.scope, rule);
  if (!ceiling.ok) return ceiling;

  const parsed = z.safeParse(Authentication, body);
  if (!parsed.success) return refuse(`${String(parsed.error.issues[0]?.path[0])} is unusable`);
  const authentication = authenticationOf(parsed.data);
  if (!authentication.ok) return authentication;
  const { jwks, jwks_uri: jwksUri } = parsed.data;
  if (jwks !== undefined && jwksUri !== undefined) return refuse('it has both jwks and jwks_uri');
  const { method, signs } = authentication.value;
  const keys = signs ? { jwks, jwksUri } : { jwks: undefined, jwksUri: undefined };
  return ok({
    name,
    grantTypes,
    redirectUris: redirectUris.value,
    ceiling: ceiling.value,
    authentication: method,
    ...keys,
  });
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** One unusable address spoils the document, as it spoils a registration; one that the rule does not name is left out. */
function withinRule(redirectUris: readonly string[], rule: DocumentRule): Result<readonly string[], string> {
  const customSchemes = new Set(rule.redirectUris.filter((template) => !/^https?:/.test(template)));
  for (const uri of redirectUris) {
    const usable = checkRedirectUri(uri, customSchemes);
    if (!usable.ok) return refuse(explain(usable.error));
  }
  return ok(redirectUris.filter((uri) => rule.redirectUris.some((template) => fitsTemplate(template, uri))));
}

function readCeiling(scope: unknown, rule: DocumentRule): Result<readonly string[] | undefined, string> {
  if (scope === undefined || scope === null || scope === '') return ok(rule.ceiling);
  const asked = typeof scope === 'string' ? parseScope(scope) : undefined;
  if (asked === undefined || !asked.ok) return refuse('its scope is malformed');
  const named = asked.value.filter((name) => name !== OFFLINE_ACCESS);
  if (named.length === 0) return ok(rule.ceiling);
  const { ceiling } = rule;
  return ok(ceiling === undefined ? named : named.filter((name) => ceiling.includes(name)));
}

/**
 * How the client proves itself. Vendors publish documents for many servers at once, with all methods they can use in
 * `token_endpoint_auth_methods_supported`: reading only the singular member would lock them out. One that may come with
 * nothing may still sign, and what it signs is then verified.
 */
function authenticationOf({
  token_endpoint_auth_method: single,
  token_endpoint_auth_methods_supported: several,
}: z.output<typeof Authentication>): Result<{ method: ClientAuthentication; signs: boolean }, string> {
  if (single?.startsWith('client_secret')) return refuse('it wants to share a secret');
  const methods = several ?? [single ?? 'none'];
  const signs = methods.includes('private_key_jwt');
  if (methods.includes('none')) return ok({ method: 'none', signs });
  return signs ? ok({ method: 'private_key_jwt', signs }) : refuse('it offers no method to authenticate with');
}
