import type { IdentityProvider } from '../core/oauth/identity-provider.ts';
import type { AppendEvent } from '../core/oauth/recorded.ts';
import type { Implications } from '../core/oauth/scope.ts';
import type { ClientDirectory, Grants, Transactions } from '../core/oauth/store.ts';
import type { Clock, Random } from '../core/ports.ts';
import type { Handle } from '../http/endpoint.ts';
import { json, methodNotAllowed } from '../http/respond.ts';
import { callback } from './callback.ts';
import { decide } from './decide.ts';
import { showConsent } from './show-consent.ts';

export type AuthorizeRoutes = {
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: ClientDirectory;
  /** The registry as a sign-in begins: the one place from which a client's document may be fetched. Absent where none is. */
  readonly arriving?: ClientDirectory;
  readonly transactions: Transactions;
  readonly grants: Pick<Grants, 'mint'>;
  readonly identity: IdentityProvider;
  readonly audit: AppendEvent;
  readonly issuer: string;
  readonly resource: string;
  /** Every scope there is, with what it allows in words. */
  readonly scopes: Readonly<Record<string, string>>;
  readonly defaultScope: readonly string[];
  /** What each role of the organisation allows. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Broader scopes to the narrower ones they include. @default - none does */
  readonly implies?: Implications;
};

/** GET /authorize, POST /consent, GET /callback. No CORS: these are places a browser goes to, never calls. */
export function createAuthorizeRoutes(routes: AuthorizeRoutes): Handle {
  return async (request, context) => {
    switch (request.path) {
      case '/authorize':
        return request.method === 'GET' ? showConsent(routes, request, context) : methodNotAllowed('GET');
      case '/consent':
        return request.method === 'POST' ? decide(routes, request, context) : methodNotAllowed('POST');
      case '/callback':
        return request.method === 'GET' ? callback(routes, request, context) : methodNotAllowed('GET');
      default:
        return json(404, { error: 'not_found' });
    }
  };
}
