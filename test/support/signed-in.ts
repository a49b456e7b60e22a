import { createHash, randomBytes } from 'node:crypto';
import { accessTokenOf, encode, post } from '../attacks/support/t-form.ts';
import { claimsOf } from './minted-tokens.ts';
import { type Person, signIn } from './sign-in.ts';

/** Somebody who signed in through a client, and what the token says of both. */
export type SignedIn = {
  readonly person: Person;
  readonly clientId: string;
  readonly subject: string;
  readonly accessToken: string;
};

type Asked = {
  readonly as: Person;
  readonly client: { readonly name: string; readonly redirectUri: string };
  readonly scope: string;
};

/** Registration, consent, sign-in and code, over HTTP. The same client and redirect URI give the same client id. */
export async function signedIn(issuer: string, { as, client, scope }: Asked): Promise<SignedIn> {
  const registered = await fetch(`${issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: client.name, redirect_uris: [client.redirectUri] }),
  });
  const { client_id: clientId } = (await registered.json()) as { client_id: string };
  const verifier = randomBytes(32).toString('base64url');
  const query = encode({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: client.redirectUri,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    scope,
  });
  const landed = await signIn(`${issuer}/authorize?${query}`, client.redirectUri, { as });
  const answer = await post(`${issuer}/token`, {
    grant_type: 'authorization_code',
    client_id: clientId,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
    code: landed.searchParams.get('code') ?? '',
  });
  const accessToken = accessTokenOf(answer);
  return { person: as, clientId, subject: String(claimsOf(accessToken).sub), accessToken };
}
