import { labelOf } from '../core/oauth/client.ts';
import type { RegistrationRefusal } from '../core/oauth/errors.ts';
import { evidence, explain } from '../core/oauth/explain.ts';
import {
  checkInitialAccessToken,
  type InitialAccessTokens,
  useInitialAccessToken,
} from '../core/oauth/initial-access-token.ts';
import { type AppendEvent, recorderOf } from '../core/oauth/recorded.ts';
import {
  type Invitation,
  type Registration,
  type RegistrationPorts,
  registerClient,
} from '../core/oauth/register-client.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import type { Handle, RequestContext } from '../http/endpoint.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { registrationError } from '../http/oauth-errors.ts';
import type { OriginGate } from '../http/origin.ts';
import { json, methodNotAllowed } from '../http/respond.ts';

export type RegisterRoutes = Omit<RegistrationPorts, 'record'> & {
  readonly audit: AppendEvent;
  readonly issuer: string;
  readonly origins: Pick<OriginGate, 'preflight' | 'readable'>;
} & ({ readonly mode: 'off' | 'vetted' } | { readonly mode: 'token'; readonly tokens: InitialAccessTokens });

/** POST /register. */
export function createRegisterRoutes(routes: RegisterRoutes): Handle {
  return async (request, context) => {
    const answer = routes.origins.preflight(request) ?? (await register(routes, request, context));
    return routes.origins.readable(request, answer);
  };
}

async function register(routes: RegisterRoutes, request: HttpRequest, context: RequestContext): Promise<HttpResponse> {
  if (routes.mode === 'off') return refused(routes, { reason: 'registration-off' }, context);
  if (request.method !== 'POST') return methodNotAllowed('POST');
  // Before the body: who was not invited gets nothing parsed.
  const invitation = routes.mode === 'token' ? await invitationOf(routes, request) : ok(undefined);
  if (!invitation.ok) return refused(routes, invitation.error, context);
  const body = readJson(request);
  if (!body.ok) return refused(routes, body.error, context);
  const record = recorderOf(routes.audit, context.requestId, context.log);
  const registration = await registerClient({ ...routes, record }, body.value, invitation.value);
  if (!registration.ok) return refused(routes, registration.error, context);

  const { client, outcome } = registration.value;
  const invited = invitation.value && { initial_access_token: invitation.value.id };
  context.log.add({ client_id: client.id, vetted_as: client.vettedAs, outcome, ...invited });
  context.log.note(
    `${labelOf(client)} ${outcome === 'added' ? 'registered' : 'registered before'} (public client, PKCE)`,
  );
  return json(201, informationOf(registration.value));
}

async function invitationOf(
  ports: RegisterRoutes & { readonly mode: 'token' },
  request: HttpRequest,
): Promise<Result<Invitation & { readonly id: string }, RegistrationRefusal>> {
  const token = await checkInitialAccessToken(ports, bearerOf(request));
  if (!token.ok) return token;
  return ok({ ...token.value, use: (clientId) => useInitialAccessToken(ports, token.value, clientId) });
}

/** RFC 7591 section 3.2.1: what was registered, which need not be what was asked for. No secret, and no place to manage one. */
function informationOf({ client, metadata }: Registration) {
  return {
    client_id: client.id,
    redirect_uris: metadata.redirectUris,
    token_endpoint_auth_method: client.authentication,
    grant_types: metadata.grantTypes,
    response_types: ['code'],
    ...(metadata.name === undefined ? {} : { client_name: metadata.name }),
    ...(metadata.scope === undefined ? {} : { scope: metadata.scope.join(' ') }),
  };
}

/**
 * RFC 6750 section 2.1, the header only. Whatever else `Bearer` is followed by goes on as it is and is then no token of
 * ours; another scheme is as good as none.
 */
function bearerOf({ headers }: HttpRequest): string | undefined {
  return /^bearer(?= |$) *(.*)$/is.exec(headers.authorization ?? '')?.[1];
}

/** Only `application/json`: a page elsewhere can post a form or plain text without asking, JSON it cannot. */
function readJson(request: HttpRequest): Result<Readonly<Record<string, unknown>>, RegistrationRefusal> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;[^,]*)?$/i.test(type.trim())) {
    return refuse({ reason: 'metadata-not-json', problem: 'content-type' });
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return refuse({ reason: 'metadata-not-json', problem: 'not-an-object' });
    }
    return ok(value as Readonly<Record<string, unknown>>);
  } catch {
    return refuse({ reason: 'metadata-not-json', problem: 'syntax' });
  }
}

function refused({ issuer }: RegisterRoutes, refusal: RegistrationRefusal, context: RequestContext): HttpResponse {
  context.log.add(evidence(refusal));
  context.log.note(`refused: ${explain(refusal)}`);
  return registrationError(refusal, issuer, context.requestId);
}
