import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

type Claims = Readonly<Record<string, unknown>>;
type TokenRequest = { readonly authorization: string | undefined; readonly form: URLSearchParams };
type Answer = (request: TokenRequest, response: ServerResponse) => void;

export type IdentityServer = Awaited<ReturnType<typeof startIdentityServer>>;

/** A provider of which every answer can be made wrong, one at a time. Plain http on this computer. */
export async function startIdentityServer() {
  let keys = keysNamed('key-1');
  let answer: Answer | undefined;
  let metadata: Claims = {};
  const seen = { discovery: 0, jwks: 0, token: [] as TokenRequest[] };
  let slow = 0;
  let silent: { readonly path: string; readonly ended: () => void } | undefined;
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    if (silent?.path === url.pathname) return void response.once('close', silent.ended);
    if (slow > 0) await sleep(slow);
    switch (url.pathname) {
      case PATHS.discovery:
        seen.discovery++;
        return json(response, 200, { ...discovery(issuer), ...metadata });
      case PATHS.jwks:
        seen.jwks++;
        return json(response, 200, { keys: [keys.jwk] });
      case PATHS.token: {
        const form = new URLSearchParams(await textOf(request));
        const received = { authorization: request.headers.authorization, form };
        seen.token.push(received);
        return answer ? answer(received, response) : json(response, 200, tokens(idToken({})));
      }
      default:
        return json(response, 404, {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** An ID token: right in everything but the changes. `undefined` leaves a claim out. */
  function idToken(claims: Claims, header: Claims = {}, signer?: (input: string) => string): string {
    const now = Math.floor(Date.now() / 1000);
    const good = { iss: issuer, aud: CLIENT_ID, sub: 'ada', nonce: NONCE, iat: now, exp: now + 300 };
    const payload = { ...good, 'cognito:groups': ['editor'], 'custom:tenant': 'north', ...claims };
    const input = `${encode({ alg: 'RS256', kid: keys.jwk.kid, ...header })}.${encode(payload)}`;
    return `${input}.${signer ? signer(input) : sign('sha256', Buffer.from(input), keys.privateKey).toString('base64url')}`;
  }

  return {
    issuer,
    seen,
    idToken,
    /** Every token answer from now on holds this ID token. */
    issue: (token: string) => {
      answer = (_, response) => json(response, 200, tokens(token));
    },
    answer: (with_: Answer | undefined) => {
      answer = with_;
    },
    /** Says nothing there, and tells when the caller has given up. */
    hang: (where: keyof typeof PATHS) =>
      new Promise<void>((resolve) => {
        silent = { path: PATHS[where], ended: resolve };
      }),
    /** Milliseconds before every answer. */
    delay: (milliseconds: number) => {
      slow = milliseconds;
    },
    rotate: (kid: string) => {
      keys = keysNamed(kid);
    },
    publish: (changes: Claims) => {
      metadata = changes;
    },
    symmetric: (secret: string) => (input: string) => createHmac('sha256', secret).update(input).digest('base64url'),
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

const PATHS = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/jwks',
  token: '/token',
  memberships: '/user_management/organization_memberships',
} as const;

export const CLIENT_ID = 'gatehouse';
export const NONCE = 'the-nonce-of-this-sign-in';

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The discovery document of an issuer, whose tokens and keys may come from another server. */
export function discovery(issuer: string, behind = issuer) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${behind}/token`,
    jwks_uri: `${behind}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
  };
}

function tokens(id_token: string) {
  return { access_token: 'upstream-access-token', token_type: 'Bearer', expires_in: 60, id_token };
}

type Keys = { readonly jwk: Claims; readonly privateKey: KeyObject };

/** RSA keys take long to make; a name always means the same one. */
const made = new Map<string, Keys>();

function keysNamed(kid: string): Keys {
  const known = made.get(kid);
  if (known !== undefined) return known;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = { jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }, privateKey };
  made.set(kid, keys);
  return keys;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
