import * as z from 'zod/mini';
import { ok, type Result, refuse } from '../../result.ts';

/** The public half of a key that a client signs its assertions with (RFC 7517), by its public members alone. */
export type ClientKey =
  | { readonly kty: 'RSA'; readonly alg: 'RS256'; readonly kid?: string; readonly n: string; readonly e: string }
  | {
      readonly kty: 'EC';
      readonly crv: 'P-256';
      readonly alg: 'ES256';
      readonly kid?: string;
      readonly x: string;
      readonly y: string;
    };

const MAX_KEYS = 10;
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const base64url = z.string().check(z.regex(/^[A-Za-z0-9_-]+$/), z.maxLength(1024));
const usage = {
  kid: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
  use: z.optional(z.literal('sig')),
};
const Rsa = z.object({
  ...usage,
  kty: z.literal('RSA'),
  alg: z.optional(z.literal('RS256')),
  n: base64url,
  e: base64url,
});
const P256 = z.object({
  ...usage,
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  alg: z.optional(z.literal('ES256')),
  x: base64url,
  y: base64url,
});
const Usable = z.discriminatedUnion('kty', [Rsa, P256]);
const KeySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/**
 * The keys of a JWK set that can verify RS256 or ES256; others are left out, as RFC 7517 section 5 asks. A set with a
 * private member or a shared secret in it is refused as a whole: whoever published it has no secret any more.
 */
export function readClientKeys(jwks: unknown): Result<readonly ClientKey[], string> {
  const parsed = z.safeParse(KeySet, jwks);
  if (!parsed.success) return refuse('its keys are no JWK set');
  const { keys } = parsed.data;
  if (keys.length > MAX_KEYS) return refuse(`it has more than ${MAX_KEYS} keys`);
  if (keys.some((key) => SECRET_MEMBERS.some((member) => Object.hasOwn(key, member)))) {
    return refuse('a private key stands in its keys');
  }
  const usable = keys.flatMap((key) => {
    const found = z.safeParse(Usable, key);
    return found.success ? [publicMembers(found.data)] : [];
  });
  return ok(usable);
}

function publicMembers(key: z.output<typeof Usable>): ClientKey {
  const kid = key.kid === undefined ? {} : { kid: key.kid };
  return key.kty === 'RSA'
    ? { kty: 'RSA', alg: 'RS256', ...kid, n: key.n, e: key.e }
    : { kty: 'EC', crv: 'P-256', alg: 'ES256', ...kid, x: key.x, y: key.y };
}
