/** A public ES256 key of this server (RFC 7517), as the configuration delivers it. */
export type PublicKey = {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
};

/** The key set as published: the public members by name, so that no other can ever slip out. */
export function publishedKeySet(keys: readonly PublicKey[]) {
  return { keys: keys.map(({ kty, crv, x, y, kid, alg, use }) => ({ kty, crv, x, y, kid, alg, use })) };
}
