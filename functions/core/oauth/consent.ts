import type { Client } from './client.ts';
import { isLoopback } from './redirect-uri.ts';
import type { AuthorizationRequest } from './transaction.ts';

/**
 * What a person must see before they can agree (MCP security best practices, consent; RFC 9700 section 4.16): who gets
 * access, at which address, to what, and what is not certain about it.
 */
export type ConsentView = {
  readonly destination: Destination;
  readonly redirectUri: string;
  /** What the client calls itself; nobody verified it. */
  readonly name: string | undefined;
  readonly clientId: string;
  readonly scopes: readonly { readonly scope: string; readonly words: string }[];
  readonly resource: string;
  /** Whether it may come back without asking, with a refresh token. */
  readonly staysConnected: boolean;
  /** Who asks for the password next. */
  readonly provider: string;
};

/** Where the answer goes: the one thing about a client that it cannot make up. */
export type Destination =
  | { readonly kind: 'website'; readonly host: string }
  | { readonly kind: 'computer'; readonly host: string }
  | { readonly kind: 'application'; readonly scheme: string };

/** The host is in ASCII, as registered: a look-alike letter shows as `xn--`. */
function destinationOf(redirectUri: string): Destination {
  const url = new URL(redirectUri);
  if (url.protocol === 'https:') return { kind: 'website', host: url.host };
  if (isLoopback(url)) return { kind: 'computer', host: url.host };
  return { kind: 'application', scheme: url.protocol.slice(0, -1) };
}

export function describeConsent(
  client: Client,
  request: AuthorizationRequest,
  words: Readonly<Record<string, string>>,
  provider: string,
): ConsentView {
  return {
    destination: destinationOf(request.redirectUri),
    redirectUri: request.redirectUri,
    name: client.name,
    clientId: client.id,
    scopes: request.scope.map((scope) => ({ scope, words: words[scope] ?? scope })),
    resource: request.resource,
    staysConnected: client.grantTypes.includes('refresh_token'),
    provider,
  };
}
