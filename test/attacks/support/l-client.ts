import { expect } from 'vitest';
import { type Person, signIn } from '../../support/sign-in.ts';
import { gatehouseJson } from './l-operator.ts';

const REDIRECT = 'http://127.0.0.1:5599/operator';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

type Stack = { readonly issuer: string; readonly directory: string };
type Form = Readonly<Record<string, string>>;

/** A client of the operator's, and what it and people do with it. `stack` is asked for each time: it starts later. */
export function operatorsClient(stack: () => Stack) {
  const authorizeUrl = (clientId: string): URL => {
    const url = new URL('/authorize', stack().issuer);
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: REDIRECT,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      scope: 'orders:read tickets:read',
    }).toString();
    return url;
  };
  const token = async (form: Form) => {
    const response = await fetch(`${stack().issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
    const body = (await response.json()) as { error?: string; scope?: string; refresh_token?: string };
    return { status: response.status, ...body };
  };
  const codeFor = async (clientId: string, as: Person): Promise<string> => {
    const landed = await signIn(authorizeUrl(clientId), REDIRECT, { as });
    return landed.searchParams.get('code') ?? '';
  };
  const redeem = (client_id: string, code: string, more: Form = {}) => {
    const form = { grant_type: 'authorization_code', client_id, code, redirect_uri: REDIRECT, code_verifier: VERIFIER };
    return token({ ...form, ...more });
  };
  return {
    redirectUri: REDIRECT,
    added: async (...more: readonly string[]): Promise<string> => {
      const line = ['clients', 'add', '--name', 'Reports', '--redirect-uri', REDIRECT, ...more];
      const [client] = await gatehouseJson<{ client_id: string }>(stack().directory, ...line);
      return client?.client_id ?? '';
    },
    authorizeUrl,
    codeFor,
    redeem,
    refresh: (client_id: string, refresh_token: string) =>
      token({ grant_type: 'refresh_token', client_id, refresh_token }),
    tokensFor: async (clientId: string, as: Person): Promise<string> => {
      const { refresh_token = '' } = await redeem(clientId, await codeFor(clientId, as));
      expect(refresh_token).not.toBe('');
      return refresh_token;
    },
  };
}
