import { ok, type Result, refuse } from '../result.ts';
import { type PresentedCredentials, usesOneMethod } from './client-authentication.ts';
import type { TokenRefusal } from './errors.ts';
import { allOf, onceEach, type Parameters } from './parameters.ts';

/** The form of a request to /token, before anything it says is believed. */
export type TokenRequest = {
  readonly clientId: string | undefined;
  readonly credentials: PresentedCredentials;
  readonly resources: readonly string[];
  readonly scope: string | undefined;
};

export type CodeRequest = TokenRequest & {
  readonly grantType: 'authorization_code';
  readonly code: string;
  readonly verifier: string;
  readonly redirectUri: string | undefined;
};

export type RefreshRequest = TokenRequest & { readonly grantType: 'refresh_token'; readonly refreshToken: string };

const KNOWN = [
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'scope',
  'code',
  'code_verifier',
  'redirect_uri',
  'refresh_token',
] as const;

/** Shape is the first check: whatever is malformed costs no read of a table. */
export function readTokenRequest(
  form: Parameters,
  authorization: string | undefined,
): Result<CodeRequest | RefreshRequest, TokenRefusal> {
  const values = onceEach(form, KNOWN);
  if (!values.ok) return values;
  const sent = values.value;
  const credentials = {
    authorization,
    secret: sent.client_secret,
    assertion: sent.client_assertion,
    assertionType: sent.client_assertion_type,
  };
  if (!usesOneMethod(credentials)) return refuse({ reason: 'methods-mixed' });
  const common = { clientId: sent.client_id, credentials, resources: allOf(form, 'resource'), scope: sent.scope };

  switch (sent.grant_type) {
    case undefined:
      return missing('grant_type');
    case 'authorization_code': {
      const { code, code_verifier: verifier, redirect_uri: redirectUri } = sent;
      if (code === undefined) return missing('code');
      if (verifier === undefined) return missing('code_verifier');
      return ok({ ...common, grantType: 'authorization_code', code, verifier, redirectUri });
    }
    case 'refresh_token': {
      const { refresh_token: refreshToken } = sent;
      return refreshToken === undefined
        ? missing('refresh_token')
        : ok({ ...common, grantType: 'refresh_token', refreshToken });
    }
    default:
      return refuse({ reason: 'grant-type-unsupported', grantType: sent.grant_type.slice(0, 100) });
  }
}

function missing(parameter: string) {
  return refuse({ reason: 'parameter-missing', parameter });
}
