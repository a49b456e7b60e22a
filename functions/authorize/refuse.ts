import { authorizationResponse, type RedirectTarget } from '../core/oauth/authorization-response.ts';
import type { AuthorizationRefusal, BrowserRefusal, CompletionRefusal, LocalRefusal } from '../core/oauth/errors.ts';
import { evidence, explain } from '../core/oauth/explain.ts';
import type { RequestContext } from '../http/endpoint.ts';
import type { HttpResponse } from '../http/message.ts';
import { authorizationError } from '../http/oauth-errors.ts';
import { refusalPage } from '../http/oauth-problems.ts';
import { redirect } from '../http/respond.ts';

/** Ends here, on a page: where an answer may go is not proven. */
export async function refuseLocally(
  refusal: BrowserRefusal | LocalRefusal,
  context: RequestContext,
): Promise<HttpResponse> {
  log(refusal, context);
  if (refusal.reason === 'item-corrupt') context.log.error('a stored item is corrupt', evidence(refusal));
  return refusalPage(refusal, context.requestId);
}

/** Tells the client, at the redirect URI that is proven to be its own. */
export function refuseByRedirect(
  refusal: AuthorizationRefusal | CompletionRefusal,
  target: RedirectTarget,
  issuer: string,
  context: RequestContext,
  cookies: readonly string[] = [],
): HttpResponse {
  log(refusal, context);
  return redirect(authorizationResponse(target, issuer, authorizationError(refusal)), {}, cookies);
}

function log(
  refusal: BrowserRefusal | LocalRefusal | AuthorizationRefusal | CompletionRefusal,
  context: RequestContext,
) {
  context.log.add(evidence(refusal));
  context.log.note(`refused: ${explain(refusal)}`);
}
