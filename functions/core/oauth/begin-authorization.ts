import type { Seconds } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import { admitted, type Client, reachOf } from './client.ts';
import type { AuthorizationRefusal, LocalRefusal } from './errors.ts';
import { parseClientId } from './identifiers.ts';
import { allOf, onceEach, type Parameters, single } from './parameters.ts';
import { isChallenge } from './pkce.ts';
import { isRegistered } from './redirect-uri.ts';
import { requestedResource } from './resource.ts';
import { type Implications, parseScope, scopeWithin } from './scope.ts';
import type { ClientDirectory } from './store.ts';
import type { AuthorizationRequest } from './transaction.ts';

/**
 * GET /authorize. The order is fixed: client, redirect URI, and only then everything else, because an error may be sent
 * to an address only after that address is proven to be the client's (RFC 6749 section 4.1.2.1).
 */
const MAX_SIZE = 8 * 1024;
const MAX_PARAMETERS = 100;
const MAX_STATE = 2048;

export type AuthorizationRules = {
  readonly resource: string;
  /** Every scope there is. */
  readonly catalogue: readonly string[];
  /** What a client gets that asks for nothing in particular. */
  readonly defaultScope: readonly string[];
  /** @default - no scope includes another */
  readonly implies?: Implications | undefined;
};

/** The client and the address its answer goes to. */
export type ProvenClient = { readonly client: Client; readonly redirectUri: string };

/** Who asks, and whether the address it wants the answer at is its own. */
export async function proveClient(
  registry: ClientDirectory,
  parameters: Parameters,
  now: Seconds,
): Promise<Result<ProvenClient, LocalRefusal>> {
  // `scope` has a bound and an answer of its own, so it does not count here.
  const size = parameters.reduce((sum, [name, value]) => sum + name.length + (name === 'scope' ? 0 : value.length), 0);
  if (size > MAX_SIZE || parameters.length > MAX_PARAMETERS) {
    return refuse({ reason: 'request-too-large', size, parameters: parameters.length });
  }
  const values = onceEach(parameters, ['client_id', 'redirect_uri']);
  if (!values.ok) return values;
  const { client_id: presented, redirect_uri: redirectUri } = values.value;
  if (presented === undefined) return refuse({ reason: 'client-missing' });
  const clientId = parseClientId(presented);
  if (clientId === undefined) {
    // An address that no rule could name is told apart from other nonsense, for whoever mistyped it.
    const address = /^https?:/i.test(presented);
    return refuse(
      address ? { reason: 'document-not-admitted', clientId: presented } : { reason: 'client-id-unusable' },
    );
  }
  const found = await registry.find(clientId);
  if (!found.ok) return found;
  const client = admitted(found.value, clientId, now);
  if (!client.ok) return client;
  if (redirectUri === undefined) return refuse({ reason: 'redirect-uri-missing' });
  if (!isRegistered(client.value.redirectUris, redirectUri)) {
    return refuse({ reason: 'redirect-uri-unregistered', redirectUri, clientId });
  }
  return ok({ client: client.value, redirectUri });
}

/** The client's `state`, to be given back with whatever answer: none when it was sent twice. */
export function stateOf(parameters: Parameters): string | undefined {
  const state = single(parameters, 'state');
  return state.ok ? state.value : undefined;
}

/** Everything else the request says, checked. */
export function readAuthorizationRequest(
  parameters: Parameters,
  { client, redirectUri }: ProvenClient,
  rules: AuthorizationRules,
): Result<AuthorizationRequest, AuthorizationRefusal> {
  const values = onceEach(parameters, KNOWN);
  if (!values.ok) return values;
  for (const check of REQUEST_POLICY) {
    const refusal = check(values.value);
    if (refusal !== undefined) return refuse(refusal);
  }
  const challenge = readChallenge(values.value);
  if (!challenge.ok) return challenge;
  const resource = requestedResource(allOf(parameters, 'resource'), rules.resource);
  if (!resource.ok) return resource;
  const requested = values.value.scope === undefined ? ok(undefined) : parseScope(values.value.scope);
  if (!requested.ok) return requested;
  const reach = reachOf(client, rules.catalogue);
  const scope = scopeWithin(requested.value, reach, rules.defaultScope, rules.implies);
  if (!scope.ok) return scope;
  return ok({
    clientId: client.id,
    redirectUri,
    state: values.value.state,
    challenge: challenge.value,
    scope: scope.value,
    resource: resource.value,
  });
}

const KNOWN = [
  'state',
  'response_type',
  'request',
  'request_uri',
  'response_mode',
  'prompt',
  'code_challenge',
  'code_challenge_method',
  'scope',
] as const;

type Values = Readonly<Record<(typeof KNOWN)[number], string | undefined>>;
type Check = (values: Values) => AuthorizationRefusal | undefined;

const stateIsShortEnough: Check = ({ state = '' }) => {
  const length = Buffer.byteLength(state, 'utf8');
  return length > MAX_STATE ? { reason: 'state-too-long', length } : undefined;
};

/** OAuth 2.1 has no other: a token in a fragment is a token in the browser's history. */
const responseTypeIsCode: Check = ({ response_type: responseType }) => {
  if (responseType === undefined) return { reason: 'parameter-missing', parameter: 'response_type' };
  return responseType === 'code' ? undefined : { reason: 'response-type-unsupported', responseType };
};

/** RFC 9101. An address to fetch the request from would make this server fetch addresses for strangers. */
const comesWithoutRequestObject: Check = ({ request, request_uri: requestUri }) => {
  if (request !== undefined) return { reason: 'request-object', parameter: 'request' };
  return requestUri === undefined ? undefined : { reason: 'request-object', parameter: 'request_uri' };
};

const answersInTheQuery: Check = ({ response_mode: responseMode = 'query' }) =>
  responseMode === 'query' ? undefined : { reason: 'response-mode-unsupported', responseMode };

/** Consent is asked every time, so nothing can be answered without a person. */
const mayShowAPage: Check = ({ prompt = '' }) =>
  prompt.split(' ').includes('none') ? { reason: 'interaction-forbidden' } : undefined;

/** OAuth 2.1 section 4.1.1: PKCE always, and S256 only. An absent method would mean `plain` (RFC 7636 section 4.3). */
function readChallenge(values: Values): Result<string, AuthorizationRefusal> {
  const { code_challenge: challenge, code_challenge_method: method } = values;
  if (challenge === undefined) return refuse({ reason: 'parameter-missing', parameter: 'code_challenge' });
  if (method !== 'S256') return refuse({ reason: 'challenge-method-unsupported', method });
  return isChallenge(challenge) ? ok(challenge) : refuse({ reason: 'challenge-malformed', length: challenge.length });
}

const REQUEST_POLICY: readonly Check[] = [
  stateIsShortEnough,
  responseTypeIsCode,
  comesWithoutRequestObject,
  answersInTheQuery,
  mayShowAPage,
];
