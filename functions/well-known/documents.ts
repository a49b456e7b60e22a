import { createPublicKey } from 'node:crypto';
import {
  authorizationServerMetadata,
  type PublishedServer,
  protectedResourceMetadata,
} from '../core/oauth/metadata.ts';
import { type PublicKey, publishedKeySet } from '../core/oauth/public-keys.ts';

/** What the well-known function publishes. */
export type Published = PublishedServer & { readonly keys: readonly PublicKey[] };

/**
 * The documents by path, as the bytes that go out. Computed once: nothing of them depends on a request.
 *
 * @throws Error when there is no key to publish, or one that is no point of its curve. A useless key set with status 200
 *   would be cached by whoever verifies tokens, and nothing would be accepted until the cache is gone: better not to
 *   start.
 */
export function documentsOf(published: Published): ReadonlyMap<string, string> {
  if (published.keys.length === 0) throw new Error('no public key to publish: TOKEN_KEYS is empty; deploy again');
  for (const key of published.keys) createPublicKey({ key: { ...key }, format: 'jwk' });
  const server = JSON.stringify(authorizationServerMetadata(published));
  const resource = JSON.stringify(protectedResourceMetadata(published));
  const path = new URL(published.resource).pathname;
  return new Map([
    ['/.well-known/oauth-authorization-server', server],
    ['/.well-known/openid-configuration', server],
    ['/.well-known/oauth-protected-resource', resource],
    // RFC 9728 section 3.1: the resource's path comes after the well-known name.
    [`/.well-known/oauth-protected-resource${path}`, resource],
    ['/.well-known/jwks.json', JSON.stringify(publishedKeySet(published.keys))],
  ]);
}
