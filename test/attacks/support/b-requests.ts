import fc from 'fast-check';
import { challengeOf } from '../../../functions/core/oauth/pkce.ts';
import type { Fields } from './t-form.ts';
import { REDIRECT_URI, VERIFIER } from './t-token-cloud.ts';

export const LOOPBACK = 'http://127.0.0.1:4000/cb';
export const OTHER_REDIRECT_URI = 'https://other.example/cb';
export const CHALLENGE = challengeOf(VERIFIER);
/** Stands for a fresh code or refresh token of whichever server is asked. */
export const FRESH = 'FRESH';

type Value = string | readonly string[] | undefined;
type Choices = Readonly<Record<string, { readonly right: readonly Value[]; readonly wrong: readonly Value[] }>>;

/** A request, and the parameters of it that were drawn from the wrong ones: none, one or two. */
export type Drawn = { readonly request: Fields; readonly faults: readonly string[] };

/** Every wrong value alone in a request that is right, and then requests of any mixture. */
function drawn(choices: Choices): readonly Drawn[] {
  const entries = Object.entries(choices);
  const right = Object.fromEntries(entries.map(([name, values]) => [name, values.right[0]]));
  const alone = entries.flatMap(([name, { wrong }]) =>
    wrong.map((value) => ({ request: { ...right, [name]: value }, faults: [name] })),
  );
  const mixed = fc
    .record(Object.fromEntries(entries.map(([name, values]) => [name, fc.constantFrom(...values.right)])))
    .chain((request) =>
      fc
        .shuffledSubarray(
          entries.filter(([, { wrong }]) => wrong.length > 0),
          { maxLength: 2 },
        )
        .chain((faulty) =>
          fc
            .record(Object.fromEntries(faulty.map(([name, { wrong }]) => [name, fc.constantFrom(...wrong)])))
            .map((wrong) => ({ request: { ...request, ...wrong }, faults: faulty.map(([name]) => name) })),
        ),
    );
  return [...alone, ...fc.sample(mixed, { numRuns: 300 - alone.length, seed: SEED })];
}

const SEED = 20_260_728;

const twice = (value: string): readonly string[] => [value, value];
/** Parameters that nobody knows: to be ignored, however often they come (RFC 6749 section 3.1). */
const foo = { right: [undefined, 'bar', ['bar', 'baz']], wrong: [] };
const clientId = { right: ['client-a'], wrong: [undefined, '', 'nobody', 'client-b', twice('client-a')] };

/** Three hundred requests to /authorize. */
export function authorizeRequests(resource: string): readonly Drawn[] {
  const uri = REDIRECT_URI;
  const shorter = CHALLENGE.slice(1);
  return drawn({
    foo,
    client_id: clientId,
    redirect_uri: {
      right: [uri, LOOPBACK, 'http://127.0.0.1:5123/cb'],
      wrong: [
        ...[undefined, '', `${uri}/`, `${uri}?x=1`, `${uri}#f`, 'https://CLIENT.example/cb', 'javascript:alert(1)'],
        ...['https://client.example.evil.example/cb', 'http://localhost:4000/cb', 'http://127.0.0.1/other', twice(uri)],
      ],
    },
    response_type: {
      right: ['code'],
      wrong: [undefined, '', 'token', 'code token', 'id_token', 'none', twice('code')],
    },
    code_challenge: {
      right: [CHALLENGE],
      wrong: [undefined, '', shorter, `${CHALLENGE}A`, `${shorter}=`, `${shorter}+`, twice(CHALLENGE)],
    },
    code_challenge_method: { right: ['S256'], wrong: [undefined, '', 'plain', 's256', 'S512', twice('S256')] },
    scope: {
      right: ['orders:read tickets:read', 'orders:read', undefined, 'offline_access'],
      wrong: ['admin', 'orders:read admin', 'openid orders:read', '"orders:read"', 'orders:read orders:read'],
    },
    state: { right: ['xyz', undefined, '<script>', 'Ω 1'], wrong: [twice('a'), 'x'.repeat(2049)] },
    resource: {
      right: [resource, undefined],
      wrong: [
        ...[
          `${resource}/`,
          `${resource}#f`,
          'https://evil.example/',
          'mcp',
          resource.replace('http://localhost', 'HTTP://LOCALHOST'),
        ],
        ...[[resource, 'https://evil.example/'], twice(resource)],
      ],
    },
    response_mode: { right: [undefined, 'query'], wrong: ['fragment', 'form_post', 'web_message', 'nonsense'] },
    prompt: { right: [undefined, 'consent', 'login'], wrong: ['none', 'none login', 'nonsense'] },
    request: { right: [undefined], wrong: ['eyJhbGciOiJub25lIn0.e30.'] },
    request_uri: { right: [undefined], wrong: ['https://evil.example/request'] },
  });
}

const atToken = (resource: string): Choices => ({
  foo,
  client_id: clientId,
  client_secret: { right: [undefined], wrong: ['secret'] },
  resource: {
    right: [resource, undefined],
    wrong: [`${resource}#f`, 'https://evil.example/', 'mcp', [resource, 'https://evil.example/'], twice(resource)],
  },
});

/** Requests to /token with a code that was issued to client-a at REDIRECT_URI, for CHALLENGE. */
export function codeRequests(resource: string): readonly Drawn[] {
  return drawn({
    ...atToken(resource),
    grant_type: {
      right: ['authorization_code'],
      wrong: [undefined, '', 'password', 'implicit', 'refresh_token', twice('authorization_code')],
    },
    code: { right: [FRESH], wrong: [undefined, '', 'garbage', 'a.b.c', twice(FRESH)] },
    redirect_uri: {
      right: [REDIRECT_URI],
      wrong: [undefined, '', LOOPBACK, `${REDIRECT_URI}/`, 'https://evil.example/cb', twice(REDIRECT_URI)],
    },
    code_verifier: {
      right: [VERIFIER],
      wrong: [undefined, '', `${VERIFIER}x`, VERIFIER.slice(1), `${VERIFIER.slice(1)} `, twice(VERIFIER)],
    },
  });
}

/** Requests to /token with a refresh token of client-a, granted `orders:read tickets:read`. */
export function refreshRequests(resource: string): readonly Drawn[] {
  return drawn({
    ...atToken(resource),
    grant_type: { right: ['refresh_token'], wrong: ['client_credentials', 'authorization_code'] },
    refresh_token: { right: [FRESH], wrong: [undefined, '', 'garbage', twice(FRESH)] },
    scope: {
      right: [undefined, '', 'orders:read', 'orders:read tickets:read'],
      wrong: ['admin', 'orders:read admin', 'tickets:write', '"', 'offline_access', 'orders:read orders:read'],
    },
  });
}
