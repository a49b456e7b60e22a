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
  /** The host at which the client describes itself, where that is another than the one the answer goes to. */
  readonly describedAt: string | undefined;
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

/** A document's host says who speaks for the client; the answer going elsewhere is worth a look (CIMD draft, section 6). */
function describedElsewhere(client: Client, redirectUri: string): string | undefined {
  if (client.source !== 'cimd') return undefined;
  const { host } = new URL(client.id);
  return destinationOf(redirectUri).kind === 'website' && new URL(redirectUri).host !== host ? host : undefined;
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
    describedAt: describedElsewhere(client, request.redirectUri),
    scopes: request.scope.map((scope) => ({ scope, words: words[scope] ?? scope })),
    resource: request.resource,
    staysConnected: client.grantTypes.includes('refresh_token'),
    provider,
  };
}
