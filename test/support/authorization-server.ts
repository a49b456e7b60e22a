import { createMemoryStore, type MemoryStoreOptions } from '../../functions/adapters/memory-store.ts';
import { openAssertion } from '../../functions/adapters/open-assertion.ts';
import { createAuthorizeRoutes } from '../../functions/authorize/routes.ts';
import type { AuditEvent } from '../../functions/core/audit/event.ts';
import { createAllowance } from '../../functions/core/oauth/allowance.ts';
import { digest } from '../../functions/core/oauth/digest.ts';
import type { Identity } from '../../functions/core/oauth/grant.ts';
import type { IdentityProvider } from '../../functions/core/oauth/identity-provider.ts';
import { PRESETS, type Preset } from '../../functions/core/oauth/presets/index.ts';
import type { RequestLimit } from '../../functions/core/oauth/token-bucket.ts';
import type { Signer } from '../../functions/core/ports.ts';
import { ok, refuse } from '../../functions/core/result.ts';
import type { Handle } from '../../functions/http/endpoint.ts';
import type { HttpResponse } from '../../functions/http/message.ts';
import { createOriginGate } from '../../functions/http/origin.ts';
import { createRegisterRoutes } from '../../functions/register/routes.ts';
import { createTokenRoutes } from '../../functions/token/routes.ts';
import { aClient, aSigningKey, random } from './builders.ts';
import { createFakeClock } from './fake-clock.ts';
import { aContext, aRequest, FORM, type RequestParts } from './requests.ts';

export const ISSUER = 'https://mcp.example';
export const RESOURCE = `${ISSUER}/mcp`;
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

export const SCOPES = {
  'orders:read': "See customers' orders and their status",
  'tickets:read': 'Read support tickets',
  'tickets:write': 'Add notes to support tickets',
  'orders:refund': 'Refund orders',
} as const;

const ROLES = {
  reader: ['orders:read', 'tickets:read'],
  editor: ['orders:read', 'tickets:read', 'tickets:write', 'orders:refund'],
};

const PEOPLE: Readonly<Record<string, Identity>> = {
  ada: { subject: 'ada', roles: ['editor'], tenant: 'north' },
  bob: { subject: 'bob', roles: ['reader'], tenant: 'north' },
  eve: { subject: 'eve', roles: [], tenant: undefined },
};

export type ServerOptions = {
  readonly store?: MemoryStoreOptions;
  readonly refreshGrace?: number;
  /** Tokens for each client. More than any test asks for, unless it says otherwise. */
  readonly limit?: RequestLimit;
  readonly signer?: (real: Signer) => Signer;
  readonly identity?: Partial<IdentityProvider>;
  readonly presets?: readonly Preset[];
  readonly mode?: 'off' | 'vetted';
  /** Called before a row is added; throwing, it is not. */
  readonly beforeRow?: (event: AuditEvent) => void;
};

/** The three endpoints that write, over the memory store, a clock that stands still and an identity provider of words. */
export async function anAuthorizationServer(options: ServerOptions = {}) {
  const clock = createFakeClock();
  const store = createMemoryStore(options.store);
  const key = await aSigningKey();
  const signed = { count: 0 };
  const chosen = options.signer?.(key.signer) ?? key.signer;
  const signer: Signer = {
    kid: chosen.kid,
    sign: (input) => {
      signed.count++;
      return chosen.sign(input);
    },
  };
  const origins = createOriginGate(ISSUER);
  const rows: AuditEvent[] = [];
  const audit = async (event: AuditEvent) => {
    options.beforeRow?.(event);
    rows.push(event);
    return { hash: `row ${rows.length}` };
  };
  const shared = { audit, clock, random, issuer: ISSUER, resource: RESOURCE, origins, ...store };
  const vetted = options.presets ?? PRESETS;
  const identity = { ...identityProvider(), ...options.identity };
  const defaultScope = ['orders:read', 'tickets:read'];
  const catalogue = Object.keys(SCOPES);
  const routes = {
    register: createRegisterRoutes({ ...shared, vetted, catalogue, mode: options.mode ?? 'vetted' }),
    authorize: createAuthorizeRoutes({ ...shared, identity, scopes: SCOPES, defaultScope, roles: ROLES }),
    token: createTokenRoutes({
      ...shared,
      openAssertion,
      allowance: createAllowance({ clock, buckets: store.buckets, limit: options.limit ?? PLENTY }),
      signer,
      refreshGrace: options.refreshGrace ?? 10,
    }),
  };
  const log = aContext();
  await store.desk.enrol(aClient());
  await store.desk.enrol(aClient({ id: 'client-b', name: 'Other', redirectUris: ['https://other.example/cb'] }));

  const call = (handle: Handle, parts: RequestParts) => handle(aRequest(parts), log.context);
  const post = (handle: Handle, path: string, form: Form, more: Partial<RequestParts> = {}) =>
    call(handle, { ...more, method: 'POST', path, headers: { ...FORM, ...more.headers }, body: encode(form) });

  const server = {
    clock,
    store,
    log,
    /** What the audit log was told and kept. */
    rows,
    publicKey: key.publicKey,
    /** How often the signing key was asked. */
    signed,
    call: (name: keyof typeof routes, parts: RequestParts) => call(routes[name], parts),
    register: (body: unknown, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }) =>
      call(routes.register, {
        method: 'POST',
        path: '/register',
        headers,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    authorize: (changes: Form = {}) =>
      call(routes.authorize, { path: '/authorize', query: encode({ ...AUTHORIZE, ...changes }) }),
    consent: (form: Form, more: Partial<RequestParts> = {}) => post(routes.authorize, '/consent', form, more),
    callback: (query: string, cookies: Readonly<Record<string, string>>) =>
      call(routes.authorize, { path: '/callback', query, cookies }),
    token: (form: Form, more: Partial<RequestParts> = {}) => post(routes.token, '/token', form, more),
    revoke: (form: Form, more: Partial<RequestParts> = {}) => post(routes.token, '/revoke', form, more),
    redeem: (code: string, changes: Form = {}) => server.token({ ...REDEEM, code, ...changes }),
    refresh: (token: string, changes: Form = {}) =>
      server.token({ grant_type: 'refresh_token', client_id: 'client-a', refresh_token: token, ...changes }),
    /** From /authorize to the way back from the identity provider, as `person`, with every box left ticked. */
    signIn: async (person = 'ada', changes: Form = {}, untick: readonly string[] = []): Promise<HttpResponse> => {
      const page = await server.authorize(changes);
      const { form, cookies } = readConsentPage(page);
      const scope = form.scope.filter((each) => !untick.includes(each));
      const approved = await server.consent({ ...form, scope, decision: 'approve' }, { cookies });
      const upstream = new URL(location(approved));
      const back = new URLSearchParams({ code: person, state: upstream.searchParams.get('state') ?? '' });
      return server.callback(back.toString(), { ...cookies, ...cookiesOf(approved) });
    },
    code: async (person = 'ada', changes: Form = {}, untick: readonly string[] = []): Promise<string> =>
      new URL(location(await server.signIn(person, changes, untick))).searchParams.get('code') ?? '',
    /** A first pair of tokens. */
    tokens: async (person = 'ada', changes: Form = {}): Promise<Tokens> =>
      bodyOf(await server.redeem(await server.code(person, changes))),
  };
  return server;
}

/** A limit that nobody meets by accident. */
export const PLENTY: RequestLimit = { rate: 10_000, burst: 5_000 };

export type Form = Readonly<Record<string, string | readonly string[] | undefined>>;
export type Tokens = {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly scope: string;
  readonly expires_in: number;
};

export const AUTHORIZE = {
  response_type: 'code',
  client_id: 'client-a',
  redirect_uri: 'https://client.example/cb',
  code_challenge: digest(VERIFIER),
  code_challenge_method: 'S256',
  state: 'xyz',
  scope: 'orders:read tickets:read tickets:write',
  resource: RESOURCE,
} as const;

export const REDEEM = {
  grant_type: 'authorization_code',
  client_id: 'client-a',
  redirect_uri: 'https://client.example/cb',
  code_verifier: VERIFIER,
} as const;

/** A form as a browser encodes it: an array is a repeated field, `undefined` an absent one. */
export function encode(form: Form): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) parameters.append(name, each);
  }
  return parameters.toString();
}

export function location(response: HttpResponse): string {
  const { location: address } = response.headers ?? {};
  if (address === undefined) throw new Error(`no Location in a ${response.status}: ${response.body?.slice(0, 300)}`);
  return address;
}

export function bodyOf<T>(response: HttpResponse): T {
  return JSON.parse(response.body ?? '');
}

/** Cookies a browser would keep, by name. */
export function cookiesOf(response: HttpResponse): Record<string, string> {
  return Object.fromEntries(
    (response.cookies ?? []).map((line) => {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** The consent form as it stands on the page, and the cookie that came with it. */
export function readConsentPage(page: HttpResponse) {
  if (page.status !== 200) throw new Error(`no consent page but ${page.status}: ${page.body?.slice(0, 400)}`);
  const field = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page.body ?? '')?.[1] ?? '';
  const scope = [...(page.body ?? '').matchAll(/name="scope" value="([^"]+)" checked/g)].map(([, value = '']) => value);
  return { form: { transaction: field('transaction'), csrf: field('csrf'), scope }, cookies: cookiesOf(page) };
}

function identityProvider(): IdentityProvider {
  return {
    name: 'Example Login',
    origins: async () => ok(['https://idp.example']),
    authorizationUrl: async ({ state, nonce, verifier }) =>
      ok(`https://idp.example/login?${new URLSearchParams({ state, nonce, code_challenge: digest(verifier) })}`),
    exchange: async (query) => {
      const person = PEOPLE[new URLSearchParams(query).get('code') ?? ''];
      return person === undefined ? refuse({ reason: 'identity-refused', detail: 'unknown code' }) : ok(person);
    },
  };
}
