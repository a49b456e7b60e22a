import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { readBody } from '../gateway/body.ts';
import { isAddressedToLoopback, listenOnLoopback } from '../gateway/loopback.ts';
import type { State } from '../state.ts';
import { answerMemberships, MEMBERSHIPS, type Membership, membershipsOf } from './memberships.ts';
import { errorPage, loginPage, PAGE_HEADERS } from './pages.ts';
import { findPerson, type Person } from './people.ts';
import { createProvider, SIGN_IN } from './provider.ts';
import type { Shape } from './shapes.ts';

export type IdentityProviderOptions = {
  /** 0 for any free one. */
  readonly port: number;
  /** `http://localhost:<port>` unless said otherwise. */
  readonly issuer?: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly redirectUri: string;
  readonly state: State;
  readonly shape: Shape;
  /** The key of the WorkOS API, which is there where this is given. */
  readonly apiKey?: string | undefined;
  /** Who is a member of what there; everybody of their tenant unless said otherwise. */
  readonly membershipsFor?: ((person: Person) => readonly Membership[]) | undefined;
};

export type IdentityProvider = { readonly url: string; readonly close: () => Promise<void> };

/**
 * Starts the identity provider on loopback. Everybody signs in anew each time, so that a test or a person can be
 * somebody else the next time.
 *
 * @throws PortTaken when the port is another program's
 */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const { promise: ready, resolve: setReady } = Promise.withResolvers<Provider>();
  const { apiKey, membershipsFor = membershipsOf } = options;
  const loopback = await listenOnLoopback(options.port, {}, async (request, response) => {
    if (!isAddressedToLoopback(request)) return void response.writeHead(421).end();
    if (apiKey !== undefined && request.url?.startsWith(`${MEMBERSHIPS}?`)) {
      return answerMemberships(request, response, apiKey, membershipsFor);
    }
    const provider = await ready;
    forgetSession(request);
    if (!request.url?.startsWith(SIGN_IN)) return provider.callback()(belowIssuer(request, provider.issuer), response);
    await signIn(provider, request, response).catch((error: Error) => refuse(response, error));
  });
  try {
    const issuer = options.issuer ?? `http://localhost:${loopback.port}`;
    setReady(await createProvider({ ...options, issuer }));
    return { url: issuer, close: loopback.close };
  } catch (error) {
    await loopback.close();
    throw error;
  }
}

/** An issuer may have a path, and everything but the sign-in page is below it. The library wants to be mounted there. */
function belowIssuer(request: IncomingMessage, issuer: string): IncomingMessage {
  const path = new URL(issuer).pathname.replace(/\/$/, '');
  if (path === '' || !request.url?.startsWith(`${path}/`)) return request;
  return Object.assign(request, { originalUrl: request.url, url: request.url.slice(path.length) });
}

/** The provider would skip the login page for a browser it knows. Its session cookie is all it knows it by. */
function forgetSession(request: IncomingMessage): void {
  const kept = request.headers.cookie?.split('; ').filter((cookie) => !/^_session(\.\w+)*=/.test(cookie));
  if (kept) request.headers.cookie = kept.join('; ');
}

const LARGEST_FORM = 4096;

async function signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await provider.interactionDetails(request, response);
  if (request.method === 'GET' || request.method === 'HEAD') return show(response, 200, await loginPage());
  if (request.method !== 'POST') return void response.writeHead(405, { allow: 'GET, POST' }).end();
  const body = await readBody(request, LARGEST_FORM);
  const login = new URLSearchParams(body?.toString()).get('login')?.trim().toLowerCase() ?? '';
  const person = findPerson(login);
  if (!person) return show(response, 400, await loginPage(login));
  await provider.interactionFinished(request, response, { login: { accountId: person.login, remember: false } });
}

async function refuse(response: ServerResponse, error: Error): Promise<void> {
  const expired = error.name === 'SessionNotFound';
  const what = expired ? 'This sign-in has expired, or was started in another browser.' : error.message;
  show(response, expired ? 400 : 500, await errorPage(what));
}

function show(response: ServerResponse, status: number, page: string): void {
  response.writeHead(status, { ...PAGE_HEADERS, 'content-length': Buffer.byteLength(page) }).end(page);
}
