import { unreachable } from '../result.ts';
import type { Refusal } from './errors.ts';

/**
 * A refusal in one sentence, for the log and for whoever watches the local run: what was wrong, with the value that was.
 * The wire does not get this. Nothing here is a secret; text from outside is cut short.
 */
export function explain(refusal: Refusal): string {
  switch (refusal.reason) {
    case 'registration-off':
      return 'clients cannot register themselves here';
    case 'initial-access-missing':
      return 'no initial access token, and clients register by invitation here';
    case 'initial-access-refused':
      return `initial access token ${refusal.tokenId ?? 'of no form we issue'} is not accepted (${refusal.fault})`;
    case 'metadata-not-json':
      return `the body is no client metadata (${refusal.problem})`;
    case 'metadata-unusable':
      return `${refusal.member}: ${refusal.problem}`;
    case 'redirect-uris-unusable':
      return `redirect_uris ${refusal.problem}`;
    case 'redirect-uri-unusable':
      return `redirect URI ${short(refusal.redirectUri)} cannot be registered (${refusal.fault})`;
    case 'redirect-uri-not-vetted':
      return `redirect URI ${short(refusal.redirectUri)} belongs to no vetted client`;
    case 'software-statement':
      return 'a software statement came with it, which nobody here can verify';
    case 'request-too-large':
      return `the request is too large (${refusal.size} characters, ${refusal.parameters} parameters)`;
    case 'client-missing':
      return 'no client_id';
    case 'client-id-unusable':
      return 'the client_id is none that this registry issues';
    case 'client-unknown':
      return `client ${refusal.clientId} is not in the registry`;
    case 'document-not-admitted':
      return `no rule admits ${short(refusal.clientId)}`;
    case 'document-not-fetched':
      return `the document of ${short(refusal.clientId)} was not fetched: its host was asked too often, and may be asked again in ${refusal.retryAfter} s`;
    case 'document-unusable':
      return `the document of ${short(refusal.clientId)} could not be used: ${short(refusal.detail)}`;
    case 'client-disabled':
      return `client ${refusal.clientId} is switched off`;
    case 'client-expired':
      return `client ${refusal.clientId} expired unused ${refusal.now - refusal.expires} s ago`;
    case 'redirect-uri-missing':
      return 'no redirect_uri';
    case 'redirect-uri-unregistered':
      return `redirect URI ${short(refusal.redirectUri)} is not registered for client ${refusal.clientId}`;
    case 'repeated-parameter':
      return `${refusal.parameter} was sent more than once`;
    case 'parameter-missing':
      return `no ${refusal.parameter}`;
    case 'parameters-in-query':
      return 'parameters came in the query, where addresses are logged';
    case 'body-unusable':
      return `the body is no form (${refusal.problem})`;
    case 'state-too-long':
      return `state is ${refusal.length} bytes long`;
    case 'response-type-unsupported':
      return `response_type ${short(refusal.responseType)}; there is only code`;
    case 'request-object':
      return `a request object came with it (${refusal.parameter})`;
    case 'response-mode-unsupported':
      return `response_mode ${short(refusal.responseMode)}; there is only query`;
    case 'interaction-forbidden':
      return 'prompt=none, and consent is asked every time';
    case 'challenge-method-unsupported':
      return `code_challenge_method ${short(refusal.method ?? 'plain (absent)')}; there is only S256`;
    case 'challenge-malformed':
      return `code_challenge has ${refusal.length} characters of the wrong kind or number; S256 gives 43`;
    case 'resource-repeated':
      return `${refusal.count} resource values; a token is for one`;
    case 'resource-unknown':
      return `resource ${short(refusal.requested)} is not ${refusal.expected}`;
    case 'resource-not-granted':
      return `the grant is for another resource, ${short(refusal.granted)}`;
    case 'scope-malformed':
      return `scope is malformed (${refusal.fault})`;
    case 'scope-beyond-reach':
      return `none of what was asked for is within reach: asked ${list(refusal.requested)}, reach ${list(refusal.reach)}`;
    case 'cross-site':
      return `the form was posted from elsewhere (origin ${short(refusal.origin ?? 'none')}, site ${short(refusal.site ?? 'unknown')})`;
    case 'transaction-unnamed':
      return 'it names no sign-in of ours';
    case 'cookie-missing':
      return `this browser did not begin that sign-in (no ${refusal.cookie} cookie)`;
    case 'transaction-refused':
      return `that sign-in does not go on: ${refusal.fault}`;
    case 'decision-unclear':
      return 'neither exactly one approve nor exactly one deny';
    case 'nothing-agreed':
      return 'approved with every box unticked';
    case 'consent-denied':
      return 'the person said no';
    case 'sign-in-refused':
      return `the identity provider answered ${refusal.error}`;
    case 'identity-refused':
      return `the identity provider's answer cannot be believed: ${short(refusal.detail)}`;
    case 'identity-unavailable':
      return `the identity provider cannot be reached: ${short(refusal.detail)}`;
    case 'no-role':
      return `${refusal.subject} has no role here (claims ${list(refusal.roles)})`;
    case 'no-tenant':
      return `${refusal.subject} belongs to no tenant here`;
    case 'nothing-granted':
      return `${refusal.subject} agreed to ${list(refusal.agreed)}, of which the roles allow nothing`;
    case 'grant-type-unsupported':
      return `grant_type ${short(refusal.grantType)} does not exist here`;
    case 'grant-type-not-registered':
      return `client ${refusal.clientId} did not register ${refusal.grantType}`;
    case 'methods-mixed':
      return 'the client authenticates in two ways at once';
    case 'secret-unexpected':
      return `a client secret came (${refusal.method}), and none was ever issued`;
    case 'assertion-missing':
      return `client ${refusal.clientId} must sign an assertion and sent none`;
    case 'assertion-refused':
      return `client ${short(refusal.clientId)} sent an assertion that is not accepted (${refusal.fault})`;
    case 'token-malformed':
      return 'the code or refresh token is none of ours';
    case 'grant-unknown':
      return `grant ${refusal.grantId} does not exist`;
    case 'grant-of-another-client':
      return `grant ${refusal.grantId} belongs to another client than ${refusal.clientId}`;
    case 'code-wrong':
      return `wrong secret for the code of grant ${refusal.grantId}`;
    case 'code-expired':
      return `the code expired ${refusal.now - refusal.expires} s ago`;
    case 'code-replayed':
      return `the code was used before; grant ${refusal.grantId} is revoked`;
    case 'redirect-uri-differs':
      return 'redirect_uri is not the one the code was sent to';
    case 'verifier-wrong':
      return 'PKCE verifier does not match';
    case 'grant-revoked':
      return `grant ${refusal.grantId} was revoked`;
    case 'family-wrong':
      return `no refresh token of grant ${refusal.grantId}`;
    case 'refresh-token-reused':
      return `an old refresh token was used again at generation ${refusal.generation}; grant ${refusal.grantId} is revoked`;
    case 'family-expired':
      return `the refresh token expired (${refusal.end})`;
    case 'successor-unreadable':
      return `the successor of grant ${refusal.grantId} cannot be opened`;
    case 'too-many-requests':
      return `client ${refusal.clientId} has used up its tokens per second; there are more in ${refusal.retryAfter} s`;
    case 'access-token-presented':
      return 'an access token cannot be revoked; it lives for minutes';
    case 'signing-unavailable':
      return `the signing key does not answer: ${short(refusal.detail)}`;
    case 'item-corrupt':
      return `stored ${refusal.item} ${refusal.id} is not what was written: ${short(refusal.detail)}`;
    case 'store-unavailable':
      return `the table does not answer (${refusal.operation}): ${short(refusal.detail)}`;
    default:
      return unreachable(refusal);
  }
}

/** Text from outside, printable and not longer than a line. */
function short(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x7e]/g, '?');
  return printable.length > 120 ? `${printable.slice(0, 120)}…` : printable;
}

function list(words: readonly string[]): string {
  return words.length === 0 ? 'nothing' : short(words.join(' '));
}

/** Ids in a refusal's evidence, as fields of the log line. */
export function evidence(refusal: Refusal): Readonly<Record<string, unknown>> {
  return {
    reason: refusal.reason,
    ...('clientId' in refusal ? { client_id: refusal.clientId } : {}),
    ...('grantId' in refusal ? { grant_id: refusal.grantId } : {}),
    ...('subject' in refusal ? { subject: refusal.subject } : {}),
  };
}
