import { labelOf } from '../core/oauth/client.ts';
import type { RevocationRefusal, TokenRefusal } from '../core/oauth/errors.ts';
import { exchangeToken } from '../core/oauth/exchange-token.ts';
import { evidence, explain } from '../core/oauth/explain.ts';
import type { Parameters } from '../core/oauth/parameters.ts';
import type { IssuedTokens, TokenPorts } from '../core/oauth/present-grant.ts';
import { type AppendEvent, recorderOf } from '../core/oauth/recorded.ts';
import { type RevocationPorts, revokeToken } from '../core/oauth/revoke-token.ts';
import { type Result, refuse } from '../core/result.ts';
import type { Handle, RequestContext } from '../http/endpoint.ts';
import { parseForm } from '../http/form.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { tokenError } from '../http/oauth-errors.ts';
import type { OriginGate } from '../http/origin.ts';
import { json, methodNotAllowed } from '../http/respond.ts';

export type TokenRoutes = Omit<TokenPorts & RevocationPorts, 'record'> & {
  readonly audit: AppendEvent;
  readonly origins: Pick<OriginGate, 'preflight' | 'readable'>;
};

/** POST /token and POST /revoke. */
export function createTokenRoutes(routes: TokenRoutes): Handle {
  return async (request, context) => {
    const answer = routes.origins.preflight(request) ?? (await route(routes, request, context));
    return routes.origins.readable(request, answer);
  };
}

async function route(routes: TokenRoutes, request: HttpRequest, context: RequestContext): Promise<HttpResponse> {
  if (request.path !== '/token' && request.path !== '/revoke') return json(404, { error: 'not_found' });
  if (request.method !== 'POST') return methodNotAllowed('POST');
  const form = readForm(request);
  if (!form.ok) return refused(routes, form.error, context);
  const { authorization } = request.headers;
  return request.path === '/token'
    ? token(routes, form.value, authorization, context)
    : revoke(routes, form.value, authorization, context);
}

async function token(
  routes: TokenRoutes,
  form: Parameters,
  authorization: string | undefined,
  context: RequestContext,
): Promise<HttpResponse> {
  const record = recorderOf(routes.audit, context.requestId, context.log);
  const issued = await exchangeToken({ ...routes, record }, form, authorization);
  if (!issued.ok) return refused(routes, issued.error, context);
  const { client, grant, scope, tokenId } = issued.value;
  context.log.add({
    client_id: client.id,
    subject: grant.subject,
    grant_id: grant.id,
    jti: tokenId,
    scope: scope.join(' '),
  });
  context.log.note(`${grant.subject} via ${labelOf(client)}: token for ${scope.join(' ')}`);
  return json(200, answerOf(issued.value));
}

/** RFC 6749 section 5.1. `scope` always, because it may be less than what was asked for. */
function answerOf({ accessToken, expiresIn, scope, refreshToken }: IssuedTokens) {
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresIn,
    scope: scope.join(' '),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  };
}

async function revoke(
  routes: TokenRoutes,
  form: Parameters,
  authorization: string | undefined,
  context: RequestContext,
): Promise<HttpResponse> {
  const record = recorderOf(routes.audit, context.requestId, context.log);
  const revocation = await revokeToken({ ...routes, record }, form, authorization);
  if (!revocation.ok) return refused(routes, revocation.error, context);
  const { clientId, grantId, revoked } = revocation.value;
  context.log.add({ client_id: clientId, grant_id: grantId, revoked });
  context.log.note(revoked ? `grant ${grantId} revoked by its client` : 'nothing to revoke');
  return { ...json(200, null), body: '' };
}

/** A body only: an address ends up in logs and histories (RFC 6749 section 2.3.1). */
function readForm(request: HttpRequest): Result<Parameters, TokenRefusal & RevocationRefusal> {
  if (request.rawQuery !== '') return refuse({ reason: 'parameters-in-query' });
  const form = parseForm(request);
  return form.ok ? form : refuse({ reason: 'body-unusable', problem: form.error.reason });
}

function refused(
  routes: TokenRoutes,
  refusal: TokenRefusal | RevocationRefusal,
  context: RequestContext,
): HttpResponse {
  context.log.add(evidence(refusal));
  context.log.note(`refused: ${explain(refusal)}`);
  if (refusal.reason === 'code-replayed' || refusal.reason === 'refresh-token-reused') {
    context.log.warn('a used code or refresh token came back; its grant is revoked', evidence(refusal));
  }
  if (refusal.reason === 'item-corrupt') context.log.error('a stored item is corrupt', evidence(refusal));
  return tokenError(refusal, routes.issuer, context.requestId);
}
