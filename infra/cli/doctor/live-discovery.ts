import type { Settings } from '../../settings.ts';
import { shown } from '../../settings-sentences.ts';
import { ask, askDocument, textsIn } from './ask.ts';
import { fail, type Outcome, ok, warn } from './finding.ts';
import type { Live, LiveCheck } from './live.ts';

/** The documents by which a client finds its way, whether they agree, and how clients get in. */
export function discoveryChecks(live: Live, registration: Settings['registration'] | undefined): LiveCheck[] {
  return [
    { principle: 9, name: 'protected resource', look: () => protectedResource(live) },
    { principle: 9, name: 'authorization server', look: () => authorizationServer(live) },
    { principle: 8, name: 'code flow with PKCE', look: () => codeFlow(live) },
    { principle: 2, name: 'key set', look: () => keySet(live) },
    { principle: 1, name: 'registration', look: () => registrationMode(live, registration) },
  ];
}

const PROTECTED = '/.well-known/oauth-protected-resource';
const SERVER = '/.well-known/oauth-authorization-server';

/** RFC 9728 sections 3.1 and 3.3: below the resource's path and at the root, and exactly what was asked for. */
async function protectedResource({ mcp, origin }: Live): Promise<Outcome> {
  for (const path of [`${PROTECTED}${mcp.pathname}`, PROTECTED]) {
    const url = new URL(path, origin);
    const document = await askDocument(url);
    if (document.resource !== mcp.href) {
      return fail(
        `${url.href} names ${shown(document.resource ?? null)} as resource, and clients are given ${shown(mcp.href)}. They must match exactly.`,
      );
    }
    const servers = textsIn(document, 'authorization_servers') ?? [];
    if (servers.length !== 1 || servers[0] !== origin) {
      return fail(`${url.href} names ${shown(servers)} as authorization servers instead of ${shown([origin])}.`);
    }
  }
  return ok(`resource ${mcp.href}, authorization server ${origin}`);
}

/** RFC 8414 section 3.3; the same document for who looks for OpenID Connect. */
async function authorizationServer({ origin }: Live): Promise<Outcome> {
  for (const path of [SERVER, '/.well-known/openid-configuration']) {
    const url = new URL(path, origin);
    const document = await askDocument(url);
    if (document.issuer !== origin) {
      return fail(
        `${url.href} says issuer ${shown(document.issuer ?? null)}, and it was found at ${shown(origin)}. They must match exactly.`,
      );
    }
    const elsewhere = Object.entries(document).find(
      ([name, value]) => /_endpoint$|^jwks_uri$/.test(name) && !isAt(origin, value),
    );
    if (elsewhere) return fail(`${url.href}: ${elsewhere[0]} is ${shown(elsewhere[1])}, which is not at ${origin}.`);
    const missing = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'].find((name) => !(name in document));
    if (missing !== undefined) return fail(`${url.href} has no ${missing}.`);
  }
  return ok('issuer exact, every endpoint at the same origin');
}

function isAt(origin: string, value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === origin;
}

async function codeFlow({ origin }: Live): Promise<Outcome> {
  const document = await askDocument(new URL(SERVER, origin));
  const methods = textsIn(document, 'code_challenge_methods_supported') ?? [];
  if (!methods.includes('S256')) {
    return fail(`code_challenge_methods_supported is ${shown(methods)}. Without S256 MCP clients refuse to go on.`);
  }
  if (methods.includes('plain')) return fail('PKCE by "plain" is offered, which OAuth 2.1 does not have.');
  const responses = textsIn(document, 'response_types_supported') ?? [];
  if (responses.join() !== 'code')
    return fail(`response types ${shown(responses)} are offered instead of "code" alone.`);
  const grants = textsIn(document, 'grant_types_supported') ?? [];
  const old = grants.find((name) => name === 'implicit' || name === 'password');
  if (old !== undefined) return fail(`The grant type "${old}" is offered, which OAuth 2.1 does not have.`);
  return ok('code only, S256 only');
}

async function keySet({ origin }: Live): Promise<Outcome> {
  const { jwks_uri: location } = await askDocument(new URL(SERVER, origin));
  if (typeof location !== 'string' || !isAt(origin, location)) return fail(`jwks_uri is ${shown(location ?? null)}.`);
  const { keys } = await askDocument(new URL(location));
  if (!Array.isArray(keys) || keys.length === 0)
    return fail(`${location} has no key. Deploy again: migrate writes it.`);
  // RFC 7518 sections 6.2.2 and 6.3.2: `d` is the private key.
  if (keys.some((key) => typeof key === 'object' && key !== null && 'd' in key)) {
    return fail(`${location} has a PRIVATE key. Take the server down, and replace the key.`);
  }
  return ok(keys.length === 1 ? 'one public key' : `${keys.length} public keys`);
}

/** What a registration without JSON is answered in each mode. It registers nobody, whatever the mode is. */
const ANSWERS = { off: 404, token: 401, vetted: 400 } as const;

async function registrationMode({ origin }: Live, wanted: Settings['registration'] | undefined): Promise<Outcome> {
  const document = await askDocument(new URL(SERVER, origin));
  const { status } = await ask(new URL('/register', origin), {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'gatehouse doctor',
  });
  const mode = Object.entries(ANSWERS).find(([, answer]) => answer === status)?.[0];
  if (mode === undefined) return fail(`POST /register with plain text answers ${status}, which is none of its modes.`);
  const published = 'registration_endpoint' in document;
  if (published !== (mode !== 'off')) {
    return fail(
      `The metadata ${published ? 'names a' : 'names no'} registration_endpoint, and registration is ${shown(mode)}.`,
    );
  }
  if (wanted === undefined)
    return warn(`${shown(mode)}; cdk.json cannot be read, so whether it should be is not known`);
  const documents = document.client_id_metadata_document_supported === true;
  if (documents !== wanted.cimd) {
    return fail(
      `cdk.json: gatehouse.registration.cimd is ${wanted.cimd}, and the server says ${documents}. Deploy, or give the -c that it was deployed with.`,
    );
  }
  if (mode === wanted.dcr) return ok(`${shown(mode)}, as in cdk.json; nobody was registered`);
  return fail(
    `cdk.json: gatehouse.registration.dcr is ${shown(wanted.dcr)}, and the server runs as ${shown(mode)}. Deploy, or give the -c that it was deployed with.`,
  );
}
