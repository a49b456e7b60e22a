import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Finding } from '../../infra/cli/doctor/finding.ts';
import { run } from '../../infra/cli/doctor/finding.ts';
import { type Live, liveChecks } from '../../infra/cli/doctor/live.ts';

/** An answer of a server that may lie. */
export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};
/** What a server says instead of the truth; undefined where it does not lie. */
export type Lie = (request: IncomingMessage, origin: string, truth: Reply) => Reply | undefined;

const HSTS = { 'strict-transport-security': 'max-age=63072000; includeSubDomains' };

/** A server that says what a right one says, but for its lie. It keeps no state: what is asked is all there is. */
export async function startStand(lie: Lie = () => undefined) {
  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let size = 0;
    for await (const chunk of request) size += (chunk as Buffer).length;
    const truth = truthOf(request, size, origin);
    const { status, headers = {}, body = '' } = lie(request, origin, truth) ?? truth;
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const live: Live = { mcp: new URL(`${origin}/mcp`), origin, loopback: true };
  return {
    origin,
    live,
    findings: (): Promise<readonly Finding[]> => run(liveChecks(live, VETTED), () => undefined),
    close: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

const VETTED = { dcr: 'vetted', cimd: true, vetted: [] } as const satisfies Parameters<typeof liveChecks>[1];

/** The documents and refusals of a right server, as README and RFCs have them. */
function truthOf(request: IncomingMessage, size: number, origin: string): Reply {
  const { pathname } = new URL(request.url ?? '/', origin);
  switch (pathname) {
    case '/mcp':
      return mcp(request, size, origin);
    case '/.well-known/oauth-protected-resource':
    case '/.well-known/oauth-protected-resource/mcp':
      return { status: 200, body: { resource: `${origin}/mcp`, authorization_servers: [origin] } };
    case '/.well-known/oauth-authorization-server':
    case '/.well-known/openid-configuration':
      return { status: 200, body: metadata(origin) };
    case '/.well-known/jwks.json':
      return { status: 200, body: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] } };
    case '/register':
      return { status: 400, body: { error: 'invalid_client_metadata' } };
    case '/authorize':
      return { status: 400, body: '<p>unknown client</p>' };
    default:
      return { status: 404, body: { message: 'Not Found' } };
  }
}

function mcp({ headers }: IncomingMessage, size: number, origin: string): Reply {
  if (headers.origin !== undefined) return { status: 403, headers: HSTS };
  if (size > 256 * 1024) return { status: 413, headers: HSTS };
  const error = headers.authorization === undefined ? '' : ', error="invalid_token"';
  const resource = `${origin}/.well-known/oauth-protected-resource/mcp`;
  const challenge = `Bearer resource_metadata="${resource}", scope="orders:read"${error}`;
  return { status: 401, headers: { ...HSTS, 'www-authenticate': challenge } };
}

export function metadata(origin: string) {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    revocation_endpoint: `${origin}/revoke`,
    registration_endpoint: `${origin}/register`,
    jwks_uri: `${origin}/.well-known/jwks.json`,
    client_id_metadata_document_supported: true,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
  };
}
