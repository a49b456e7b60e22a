import { proveClient, readAuthorizationRequest, stateOf } from '../core/oauth/begin-authorization.ts';
import { labelOf } from '../core/oauth/client.ts';
import { describeConsent } from '../core/oauth/consent.ts';
import { TRANSACTION } from '../core/oauth/lifetimes.ts';
import { browserCookie, openTransaction } from '../core/oauth/transaction.ts';
import { hostCookie } from '../http/cookies.ts';
import type { RequestContext } from '../http/endpoint.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { consentPage } from '../http/pages/consent.ts';
import { formTargetOf, pageHeaders } from '../http/pages/document.ts';
import { html } from '../http/respond.ts';
import { refuseByRedirect, refuseLocally } from './refuse.ts';
import type { AuthorizeRoutes } from './routes.ts';

/** GET /authorize: checks the request, begins a transaction and asks the person. Every time: nothing is remembered. */
export async function showConsent(
  routes: AuthorizeRoutes,
  request: HttpRequest,
  context: RequestContext,
): Promise<HttpResponse> {
  const now = routes.clock.seconds();
  const proven = await proveClient(routes.arriving ?? routes.registry, request.query, now);
  if (!proven.ok) return refuseLocally(proven.error, context);
  const { client, redirectUri } = proven.value;
  context.log.add({ client_id: client.id });

  const target = { redirectUri, state: stateOf(request.query) };
  const catalogue = Object.keys(routes.scopes);
  const rules = { resource: routes.resource, catalogue, defaultScope: routes.defaultScope, implies: routes.implies };
  const asked = readAuthorizationRequest(request.query, proven.value, rules);
  if (!asked.ok) return refuseByRedirect(asked.error, target, routes.issuer, context);
  // Before anything is written: a page whose button leads nowhere helps nobody.
  const origins = await routes.identity.origins();
  if (!origins.ok) return refuseByRedirect(origins.error, target, routes.issuer, context);

  const { transaction, browserSecret, csrfSecret } = openTransaction(asked.value, now, routes.random);
  const opened = await routes.transactions.open(transaction);
  if (!opened.ok) return refuseByRedirect(opened.error, target, routes.issuer, context);

  context.log.add({ transaction_id: transaction.id, scope: transaction.scope.join(' ') });
  context.log.note(`${labelOf(client)} asks for ${transaction.scope.join(' ')}; consent page shown`);
  const view = describeConsent(client, asked.value, { words: routes.scopes, ...routes }, routes.identity.name);
  const page = await consentPage(view, { transaction: transaction.id, csrf: csrfSecret });
  const response = html(200, page, pageHeaders([...origins.value, formTargetOf(redirectUri)]));
  return { ...response, cookies: [hostCookie(browserCookie(transaction.id), browserSecret, TRANSACTION)] };
}
