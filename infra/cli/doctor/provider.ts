import type { Identity } from '../../settings.ts';
import { shown } from '../../settings-sentences.ts';
import { askDocument, NoAnswer, textsIn } from './ask.ts';
import { type Check, fail, notChecked, type Outcome, ok } from './finding.ts';

type Document = Readonly<Record<string, unknown>>;
type Told = Exclude<Identity, { readonly kind: 'cognito' }>;

/** Where a person can register Gatehouse before anything is deployed: its discovery document is there, and is usable. */
export function providerCheck(identity: Identity): Check {
  return {
    name: 'identity provider',
    look: async () => {
      if (identity.kind === 'cognito') return notChecked('the stack makes the user pool');
      const url = documentOf(identity.issuer);
      try {
        return judged(identity, await askDocument(url));
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (error.offline) return notChecked(`no network: ${error.message}`);
        return fail(
          `cdk.json: gatehouse.identity.issuer is ${shown(identity.issuer)}, and there is no discovery document: ${error.message}. Use the issuer that your provider names.`,
        );
      }
    },
  };
}

/** OpenID Connect Discovery 1.0 section 4. */
function documentOf(issuer: string): URL {
  return new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
}

function judged({ issuer, kind }: Told, document: Document): Outcome {
  if (document.issuer !== issuer) return wrongIssuer(issuer, document.issuer);
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri']) {
    const value = document[name];
    if (typeof value !== 'string' || !URL.canParse(value) || !isSafe(new URL(value))) {
      return fail(`The discovery document of ${issuer} has ${name} ${shown(value ?? null)}, which is no https URL.`);
    }
  }
  const responses = textsIn(document, 'response_types_supported') ?? [];
  if (!responses.includes('code')) {
    return fail(`${issuer} offers response types ${shown(responses)} and not "code". Gatehouse uses nothing else.`);
  }
  const challenges = textsIn(document, 'code_challenge_methods_supported');
  if (challenges !== undefined && !challenges.includes('S256')) {
    return fail(`${issuer} takes PKCE by ${shown(challenges)} and not by S256. Gatehouse uses nothing else.`);
  }
  const algorithms = textsIn(document, 'id_token_signing_alg_values_supported') ?? ['RS256'];
  const usable = algorithms.filter((name) => /^(?:RS|PS|ES)\d{3}$|^Ed(?:DSA|25519)$/.test(name));
  if (usable.length === 0) {
    return fail(`${issuer} signs ID tokens by ${shown(algorithms)}. Gatehouse needs a public key: RS256 or ES256.`);
  }
  const methods = textsIn(document, 'token_endpoint_auth_methods_supported') ?? ['client_secret_basic'];
  if (kind !== 'workos' && !methods.some((name) => /^client_secret_(?:post|basic)$/.test(name))) {
    return fail(`${issuer} takes no client secret (${shown(methods)}). Gatehouse proves itself by one.`);
  }
  const pkce = challenges === undefined ? '; it does not say that it takes PKCE, which is sent all the same' : '';
  return ok(`${issuer} answers, issuer exact, ID tokens by ${usable.join(', ')}${pkce}`);
}

function wrongIssuer(issuer: string, said: unknown): Outcome {
  const told = `cdk.json: gatehouse.identity.issuer is ${shown(issuer)} but its discovery document says ${shown(said ?? null)}.`;
  // Microsoft's document for many tenants at once.
  if (typeof said === 'string' && said.includes('{')) {
    return fail(`${told} That is a pattern for many tenants: put the id of your own into the issuer.`);
  }
  return fail(`${told} They must match exactly; use the second.`);
}

/** https, or http on this very machine as in the local run. */
function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname));
}
