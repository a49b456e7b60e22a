import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { discovery, json, startIdentityServer } from './identity-server.ts';

type Claims = Readonly<Record<string, unknown>>;

export type LyingProvider = Awaited<ReturnType<typeof startLyingProvider>>;

/**
 * An identity provider at the issuer a cloud expects, with claims of any shape and the WorkOS API beside it. Its tokens
 * are right in everything but what a test makes wrong.
 */
export async function startLyingProvider(issuer: string, clientId: string, good: Claims) {
  const behind = await startIdentityServer();
  let metadata: Claims = {};
  const memberships = { asked: 0, body: { data: [] } as unknown };
  const { port, pathname } = new URL(issuer);
  const documentPath = `${pathname.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const front = createServer((request, response) => {
    if (request.url?.startsWith('/user_management/organization_memberships?')) {
      memberships.asked++;
      return json(response, 200, memberships.body);
    }
    if (request.url !== documentPath) return json(response, 404, {});
    return json(response, 200, { ...discovery(issuer, behind.issuer), ...metadata });
  });
  await new Promise<void>((resolve) => front.listen(Number(port), '127.0.0.1', resolve));
  return {
    seen: behind.seen,
    memberships,
    port: (front.address() as AddressInfo).port,
    /** The next sign-ins get this ID token. */
    issue: (claims: Claims, header?: Claims, signer?: (input: string) => string) => {
      const shaped = { 'cognito:groups': undefined, 'custom:tenant': undefined, ...good };
      behind.issue(behind.idToken({ iss: issuer, aud: clientId, ...shaped, ...claims }, header, signer));
    },
    publish: (changes: Claims) => {
      metadata = changes;
    },
    close: async () => {
      await behind.close();
      await new Promise((resolve) => front.close(resolve).closeAllConnections());
    },
  };
}
