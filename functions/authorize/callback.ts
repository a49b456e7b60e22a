import { authorizationResponse } from '../core/oauth/authorization-response.ts';
import { labelOf } from '../core/oauth/client.ts';
import { finishTransaction, type Granted, grantAccess, type Returned } from '../core/oauth/complete-authorization.ts';
import type { CompletionRefusal } from '../core/oauth/errors.ts';
import { type Recorded, recorderOf } from '../core/oauth/recorded.ts';
import { browserCookie, upstreamCookie } from '../core/oauth/transaction.ts';
import type { Result } from '../core/result.ts';
import { clearHostCookie } from '../http/cookies.ts';
import type { RequestContext } from '../http/endpoint.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { redirect } from '../http/respond.ts';
import { refuseByRedirect, refuseLocally } from './refuse.ts';
import type { AuthorizeRoutes } from './routes.ts';

/** GET /callback: the browser is back from the identity provider. Ends with a code for the client, or an error for it. */
export async function callback(
  routes: AuthorizeRoutes,
  request: HttpRequest,
  context: RequestContext,
): Promise<HttpResponse> {
  const now = routes.clock.seconds();
  const cookie = (name: string) => request.cookies[`__Host-${name}`];
  const returned = await finishTransaction({ ...routes, now }, request.query, cookie);
  if (!returned.ok) return refuseLocally(returned.error, context);
  const { transaction, client } = returned.value;
  context.log.add({ client_id: client.id, transaction_id: transaction.id });

  const gone = [browserCookie(transaction.id), upstreamCookie(transaction.id)].map(clearHostCookie);
  const ports = { ...routes, now, catalogue: Object.keys(routes.scopes) };
  const granted = await grantAccess(ports, returned.value, request.query, request.rawQuery);
  const event = eventOf(granted, returned.value);
  if (event !== undefined) {
    const recorded = await recorderOf(routes.audit, context.requestId, context.log)(event);
    if (!recorded.ok) return refuseByRedirect(recorded.error, transaction, routes.issuer, context, gone);
  }
  if (!granted.ok) return refuseByRedirect(granted.error, transaction, routes.issuer, context, gone);

  const { grant, code } = granted.value;
  const scope = grant.scope.join(' ');
  context.log.add({ grant_id: grant.id, subject: grant.subject, scope, roles: grant.roles });
  context.log.note(`${grant.subject} agreed: ${scope} (${labelOf(client)})`);
  return redirect(authorizationResponse(transaction, routes.issuer, { code }), {}, gone);
}

/** How the sign-in ended, for the record; nothing when it is our own side that failed, which is for the log. */
function eventOf(granted: Result<Granted, CompletionRefusal>, { transaction, client }: Returned): Recorded | undefined {
  const signIn = { kind: 'sign-in', clientId: client.id, consent: transaction.id } as const;
  if (granted.ok) {
    const { id, subject, scope } = granted.value.grant;
    return { ...signIn, subject, scopes: scope, decision: 'allowed', about: id };
  }
  const { reason, ...evidence } = granted.error;
  if (reason === 'store-unavailable' || reason === 'identity-unavailable') return undefined;
  const subject = 'subject' in evidence ? evidence.subject : undefined;
  return { ...signIn, subject, scopes: transaction.agreed ?? [], decision: 'denied', reason };
}
