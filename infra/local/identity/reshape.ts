import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import type { Context, Provider } from 'oidc-provider';
import type { Keys } from './keys.ts';
import { findPerson } from './people.ts';
import type { ProviderOptions } from './provider.ts';

/**
 * Makes the library's answers those of the shape where it has no setting for it: members of the discovery document,
 * `iss` beside the code, and access tokens that are JWTs.
 */
export function reshape(provider: Provider, { issuer, client, redirectUri, shape }: ProviderOptions, keys: Keys): void {
  provider.use(async (context, next) => {
    if (context.path === shape.routes.token && !mayAuthenticate(context)) {
      context.status = 401;
      context.body = { error: 'invalid_client', error_description: `show the secret by ${shape.authMethods}` };
      return;
    }
    await next();
    const path = context.oidc?.route;
    if (path === 'discovery') context.body = discoveryOf(context.body as Record<string, unknown>);
    if (path === 'token') await giveJwt(context);
    const location = context.response.get('location') ?? '';
    if (!shape.issInResponse && location.startsWith(redirectUri)) {
      const url = new URL(location);
      url.searchParams.delete('iss');
      context.set('location', url.href);
    }
  });

  /** The library takes either method from every client. */
  function mayAuthenticate(context: Context): boolean {
    const method = context.get('authorization') === '' ? 'client_secret_post' : 'client_secret_basic';
    return shape.authMethods.includes(method);
  }

  function discoveryOf(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const kept = Object.entries(document).filter(([name]) => shape.discovery?.includes(name) ?? true);
    const promise = shape.issInResponse ? [] : ['authorization_response_iss_parameter_supported'];
    return Object.fromEntries(kept.filter(([name]) => !promise.includes(name)));
  }

  async function giveJwt(context: Context): Promise<void> {
    const tokens = context.body as { readonly access_token?: string };
    const person = findPerson(context.oidc.session?.accountId ?? context.oidc.account?.accountId ?? '');
    if (shape.accessTokenOf === undefined || tokens.access_token === undefined || person === undefined) return;
    const claims = { ...shape.accessTokenOf(person), client_id: client.id, sid: `app_consent_${person.login}` };
    const token = new SignJWT(claims).setProtectedHeader({ alg: shape.algorithm });
    token.setIssuer(issuer).setAudience(client.id).setSubject(person.login).setJti(randomUUID());
    const signed = token.setIssuedAt().setExpirationTime('5m');
    context.body = { ...tokens, access_token: await signed.sign(await importJWK(keys.signing, shape.algorithm)) };
  }
}
