import { createServer } from 'node:http';
import { discovery, json, startIdentityServer } from '../../support/identity-server.ts';

type Claims = Readonly<Record<string, unknown>>;

export type ScriptedProvider = Awaited<ReturnType<typeof startScriptedProvider>>;

/**
 * An identity provider on the port where the cloud expects one, of which every answer can be made wrong. Only discovery
 * is here; keys and tokens come from the scripted server behind it.
 */
export async function startScriptedProvider(port: number, clientId: string, metadata: Claims = {}) {
  const behind = await startIdentityServer();
  const issuer = `http://localhost:${port}`;
  const document = { ...discovery(issuer, behind.issuer), ...metadata };
  const front = createServer((request, response) => {
    const known = request.url === '/.well-known/openid-configuration';
    return known ? json(response, 200, document) : json(response, 404, {});
  });
  await new Promise<void>((resolve) => front.listen(port, '127.0.0.1', resolve));

  const idToken = (claims: Claims, header?: Claims, signer?: (input: string) => string) =>
    behind.idToken({ iss: issuer, aud: clientId, ...claims }, header, signer);
  return {
    ...behind,
    issuer,
    jwksUri: document.jwks_uri,
    idToken,
    close: async () => {
      await behind.close();
      await new Promise((resolve) => front.close(resolve).closeAllConnections());
    },
  };
}
