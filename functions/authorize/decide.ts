import { decideConsent } from '../core/oauth/decide-consent.ts';
import { TRANSACTION } from '../core/oauth/lifetimes.ts';
import { recorderOf } from '../core/oauth/recorded.ts';
import { intersection } from '../core/oauth/scope.ts';
import { browserCookie, upstreamCookie } from '../core/oauth/transaction.ts';
import { clearHostCookie, hostCookie } from '../http/cookies.ts';
import type { RequestContext } from '../http/endpoint.ts';
import { parseForm } from '../http/form.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { redirect } from '../http/respond.ts';
import { refuseByRedirect, refuseLocally } from './refuse.ts';
import type { AuthorizeRoutes } from './routes.ts';

/** POST /consent: what the person decided. Yes leads to the identity provider, no back to the client. */
export async function decide(
  routes: AuthorizeRoutes,
  request: HttpRequest,
  context: RequestContext,
): Promise<HttpResponse> {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (!isSameOrigin(origin, site, routes.issuer)) return refuseLocally({ reason: 'cross-site', origin, site }, context);
  const form = parseForm(request);
  if (!form.ok) return refuseLocally({ reason: 'body-unusable', problem: form.error.reason }, context);

  const ports = { ...routes, now: routes.clock.seconds() };
  const decided = await decideConsent(ports, form.value, (name) => request.cookies[`__Host-${name}`]);
  if (!decided.ok) return refuseLocally(decided.error, context);
  const { transaction } = decided.value;
  context.log.add({
    client_id: transaction.clientId,
    transaction_id: transaction.id,
    decision: decided.value.decision,
  });

  const approved = decided.value.decision === 'approve';
  const recorded = await recorderOf(
    routes.audit,
    context.requestId,
    context.log,
  )({
    kind: 'consent',
    clientId: transaction.clientId,
    // What the form asks for beyond the transaction is somebody's text, and counts for nothing.
    scopes: approved ? intersection(transaction.scope, transaction.agreed ?? []) : transaction.scope,
    decision: approved ? 'allowed' : 'denied',
    about: transaction.id,
  });
  if (!recorded.ok) return refuseLocally(recorded.error, context);

  if (decided.value.decision === 'deny') {
    const gone = [clearHostCookie(browserCookie(transaction.id))];
    return refuseByRedirect({ reason: 'consent-denied' }, transaction, routes.issuer, context, gone);
  }
  context.log.note(`somebody agreed; on to ${routes.identity.name}`);
  const { location, returnSecret } = decided.value;
  return redirect(location, {}, [hostCookie(upstreamCookie(transaction.id), returnSecret, TRANSACTION)]);
}

/**
 * A browser says with every form post where it comes from. That alone is no proof (the cookie and the form field are),
 * so a caller that says nothing is not refused for it; one that says something else is.
 */
function isSameOrigin(origin: string | undefined, site: string | undefined, issuer: string): boolean {
  if (origin !== undefined && origin !== new URL(issuer).origin) return false;
  return site === undefined || site === 'same-origin' || site === 'none';
}
