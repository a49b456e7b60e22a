import { compactVerify, importJWK } from 'jose';
import type { ClientKey } from '../core/oauth/cimd/client-keys.ts';
import type { AssertionPorts } from '../core/oauth/client-assertion.ts';

/** A header, three hundred seconds of claims and a signature of 4096 bits are well below this. */
const LONGEST = 8 * 1024;

/**
 * Opens a client's assertion with jose: the claims, if one of its keys signed it. The algorithm is the key's, never the
 * header's (RFC 8725 section 3.1), so `none` and HS256 find no key. A `kid` picks the keys of that name; without one
 * every key is tried, because a client with a single key need not name it.
 */
export const openAssertion: AssertionPorts['openAssertion'] = async (assertion, keys) => {
  if (assertion.length > LONGEST) return undefined;
  const header = headerOf(assertion);
  if (header === undefined) return undefined;
  const named = keys.filter(({ alg, kid }) => alg === header.alg && (header.kid === undefined || kid === header.kid));
  for (const key of named) {
    const claims = await claimsSignedBy(key, assertion);
    if (claims !== undefined) return claims;
  }
  return undefined;
};

async function claimsSignedBy(key: ClientKey, assertion: string): Promise<Record<string, unknown> | undefined> {
  try {
    const { payload } = await compactVerify(assertion, await importJWK({ ...key }, key.alg), { algorithms: [key.alg] });
    return objectIn(payload);
  } catch {
    // Not signed by this key, or by no key that could be: which of the two is nobody's business.
    return undefined;
  }
}

function headerOf(assertion: string): Record<string, unknown> | undefined {
  try {
    return objectIn(Buffer.from(assertion.split('.')[0] ?? '', 'base64url'));
  } catch {
    return undefined;
  }
}

function objectIn(bytes: Uint8Array): Record<string, unknown> | undefined {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
