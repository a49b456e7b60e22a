import type { Result } from '../result.ts';
import type { TokenRefusal } from './errors.ts';
import type { Parameters } from './parameters.ts';
import { type IssuedTokens, keepClient, type TokenPorts } from './present-grant.ts';
import { redeemCode } from './redeem-code.ts';
import { rotateRefreshToken } from './rotate-refresh-token.ts';
import { readTokenRequest } from './token-request.ts';

/** POST /token: one of the two grants there are. `present-grant.ts` has the order in which everything is checked. */
export async function exchangeToken(
  ports: TokenPorts,
  form: Parameters,
  authorization: string | undefined,
): Promise<Result<IssuedTokens, TokenRefusal>> {
  const request = readTokenRequest(form, authorization);
  if (!request.ok) return request;
  const issued =
    request.value.grantType === 'authorization_code'
      ? await redeemCode(ports, request.value)
      : await rotateRefreshToken(ports, request.value);
  if (issued.ok) await keepClient(ports, issued.value.client);
  return issued;
}
