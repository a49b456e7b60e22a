import { withImplied } from '../tools/authorize.ts';
import type { Client } from './client.ts';
import { isLoopback } from './redirect-uri.ts';
import type { Implications } from './scope.ts';
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
  readonly scopes: readonly ConsentScope[];
  readonly resource: string;
  /** Whether it may come back without asking, with a refresh token. */
  readonly staysConnected: boolean;
  /** Who asks for the password next. */
  readonly provider: string;
};

/** A box to tick. Its narrower scopes need no box of their own to be allowed, so the page says what comes with it. */
export type ConsentScope = {
  readonly scope: string;
  readonly words: string;
  /** The words of the scopes it includes. */
  readonly includes: readonly string[];
};

/** What scopes mean, to people and to each other. */
export type ScopeMeanings = {
  readonly words: Readonly<Record<string, string>>;
  /** @default - no scope includes another */
  readonly implies?: Implications | undefined;
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
  { words, implies = {} }: ScopeMeanings,
  provider: string,
): ConsentView {
  const inWords = (scope: string) => words[scope] ?? scope;
  const includes = (scope: string) =>
    [...withImplied({ roles: {}, implies }, [scope])].filter((other) => other !== scope).sort();
  return {
    destination: destinationOf(request.redirectUri),
    redirectUri: request.redirectUri,
    name: client.name,
    clientId: client.id,
    describedAt: describedElsewhere(client, request.redirectUri),
    scopes: request.scope.map((scope) => ({
      scope,
      words: inWords(scope),
      includes: includes(scope).map(inWords),
    })),
    resource: request.resource,
    staysConnected: client.grantTypes.includes('refresh_token'),
    provider,
  };
}
