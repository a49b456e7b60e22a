import type { Clock } from '../../ports.ts';
import { ok, type Result, refuse } from '../../result.ts';
import type { Client, ClientRefusal } from '../client.ts';
import type { ClientId } from '../identifiers.ts';
import { DAY, FAMILY_ABSOLUTE } from '../lifetimes.ts';
import type { ClientDirectory, ItemCorrupt, StoreUnavailable } from '../store.ts';
import { type ClientKey, readClientKeys } from './client-keys.ts';
import { isDocumentUrl } from './document-url.ts';
import { type ClientDocument, readDocument } from './read-document.ts';
import { admittingRule, type DocumentRule } from './rule.ts';
import type { Documents, FetchDocument, FetchFailure, Rules, StoredDocument } from './store.ts';

/**
 * Clients that are known by a document at their address. Only the beginning of a sign-in fetches; everything after it
 * works with what was kept then, under the rules as they are now.
 */
export type DocumentPorts = {
  readonly clock: Clock;
  readonly rules: Rules;
  /** The rules of the vetted presets. */
  readonly vetted: readonly DocumentRule[];
  readonly documents: Documents;
  readonly issuer: string;
};

/** Draft section 5.1 leaves the bound to the server. */
const FRESHEST = DAY;

/** How long a pinned copy spares the vendor's host another attempt. */
const PINNED_FRESH = 3600;

/** A refresh family may live this long, and the token endpoint cannot fetch what it forgot. */
const KEPT = FAMILY_ABSOLUTE + DAY;

type Outcome = Result<Client | undefined, ClientRefusal | StoreUnavailable | ItemCorrupt>;

/** The registry alone. Documents that were kept before documents were switched off admit nobody. */
export function withoutDocuments(registry: ClientDirectory): ClientDirectory {
  return { find: async (id) => (isDocumentUrl(id) ? ok(undefined) : registry.find(id)) };
}

/** The registry, with the clients whose documents were kept. Fetches nothing. */
export function withKeptDocuments(registry: ClientDirectory, ports: DocumentPorts): ClientDirectory {
  return { find: (id) => (isDocumentUrl(id) ? findKept(ports, id) : registry.find(id)) };
}

/** The registry, with the clients whose documents can be had. For the beginning of a sign-in alone. */
export function withFetchedDocuments(
  registry: ClientDirectory,
  ports: DocumentPorts & { readonly fetch: FetchDocument },
): ClientDirectory {
  const underWay = new Map<string, Promise<Outcome>>();
  const once = (id: ClientId): Promise<Outcome> => {
    const begun = underWay.get(id);
    if (begun !== undefined) return begun;
    const beginning = findOrFetch(ports, id).finally(() => underWay.delete(id));
    underWay.set(id, beginning);
    return beginning;
  };
  return { find: (id) => (isDocumentUrl(id) ? once(id) : registry.find(id)) };
}

async function findKept(ports: DocumentPorts, id: ClientId): Promise<Outcome> {
  const [rule, stored] = await Promise.all([ruleFor(ports, id), ports.documents.find(id)]);
  if (!rule.ok) return rule;
  if (!stored.ok) return stored;
  const document = stored.value;
  if (document === undefined || document.expires <= ports.clock.seconds()) return ok(undefined);
  return document.status === 'off'
    ? refuse({ reason: 'client-disabled', clientId: id })
    : clientOf(document, rule.value);
}

async function findOrFetch(ports: DocumentPorts & { readonly fetch: FetchDocument }, id: ClientId): Promise<Outcome> {
  const rule = await ruleFor(ports, id);
  if (!rule.ok) return rule;
  const stored = await ports.documents.find(id);
  if (!stored.ok) return stored;
  if (stored.value?.status === 'off') return refuse({ reason: 'client-disabled', clientId: id });
  if (stored.value !== undefined && stored.value.freshUntil > ports.clock.seconds()) {
    const client = clientOf(stored.value, rule.value);
    // One that passed once and does not now is fetched anew, in this same request: its owner may have mended it.
    if (client.ok) return client;
  }
  const fetched = await fetchDocument(ports, id, rule.value);
  if (!fetched.ok) return fetched;
  const client = clientOf(fetched.value, rule.value);
  if (!client.ok) return client;
  const kept = await ports.documents.keep(fetched.value);
  if (!kept.ok) return kept;
  return kept.value === 'kept' ? client : refuse({ reason: 'client-disabled', clientId: id });
}

async function ruleFor(
  { rules, vetted, issuer }: DocumentPorts,
  id: ClientId,
): Promise<Result<DocumentRule, ClientRefusal | StoreUnavailable | ItemCorrupt>> {
  const refused = refuse({ reason: 'document-not-admitted', clientId: id });
  const { host } = new URL(id);
  // This server asking itself for a document would wait for itself.
  if (host === new URL(issuer).host) return refused;
  const found = await rules.find(host);
  if (!found.ok) return found;
  if (found.value?.status === 'off') return refused;
  // What the operator says about an address comes before what a preset says.
  const rule = admittingRule(found.value?.rules ?? [], id) ?? admittingRule(vetted, id);
  return rule === undefined ? refused : ok(rule);
}

async function fetchDocument(
  { clock, fetch }: DocumentPorts & { readonly fetch: FetchDocument },
  id: ClientId,
  rule: DocumentRule,
): Promise<Result<StoredDocument, ClientRefusal>> {
  const fetched = await fetch(id);
  const had = fetched.ok || rule.pinned === undefined ? fetched : ok({ text: rule.pinned, freshFor: PINNED_FRESH });
  if (!had.ok) return notHad(id, had.error);
  const { text, freshFor } = had.value;
  const document = readDocument(text, id, rule);
  if (!document.ok) return unusable(id, document.error);
  const keys = await fetchKeys(fetch, document.value, rule);
  if (!keys.ok) return notHad(id, keys.error);
  const now = clock.seconds();
  const freshUntil = now + Math.min(freshFor, keys.value?.freshFor ?? freshFor, FRESHEST);
  return ok({ url: id, status: 'on', text, keys: keys.value?.text, freshUntil, expires: now + KEPT });
}

/** Keys at an address the rule does not name are none; that matters only to a client that has to sign. */
async function fetchKeys(fetch: FetchDocument, { jwksUri }: ClientDocument, rule: DocumentRule) {
  if (jwksUri === undefined) return ok(undefined);
  if (!isDocumentUrl(jwksUri)) return refuse('its jwks_uri is no address to fetch');
  if (new URL(jwksUri).host !== rule.keysHost) return ok(undefined);
  const fetched = await fetch(jwksUri);
  if (fetched.ok) return fetched;
  return refuse(typeof fetched.error === 'string' ? `its keys: ${fetched.error}` : fetched.error);
}

/** The client that a document describes, under this rule. */
function clientOf(stored: StoredDocument, rule: DocumentRule): Result<Client, ClientRefusal> {
  const read = readDocument(stored.text, stored.url, rule);
  if (!read.ok) return unusable(stored.url, read.error);
  const { name, grantTypes, redirectUris, ceiling, authentication } = read.value;
  const keys = keysOf(read.value, stored.keys);
  if (!keys.ok) return unusable(stored.url, keys.error);
  if (authentication === 'private_key_jwt' && keys.value.length === 0) {
    return unusable(stored.url, 'it must sign and has no usable key');
  }
  return ok({
    id: stored.url,
    source: 'cimd',
    status: stored.status,
    name,
    redirectUris,
    authentication,
    keys: keys.value,
    grantTypes,
    ceiling,
    vettedAs: [],
    expires: stored.expires,
  });
}

function keysOf({ jwks, jwksUri }: ClientDocument, fetched: string | undefined): Result<readonly ClientKey[], string> {
  if (jwks !== undefined) return readClientKeys(jwks);
  if (jwksUri === undefined || fetched === undefined) return ok([]);
  try {
    return readClientKeys(JSON.parse(fetched));
  } catch {
    return refuse('its keys are no JSON');
  }
}

function notHad(id: ClientId, failure: FetchFailure) {
  if (typeof failure === 'string') return unusable(id, failure);
  return refuse({ reason: 'document-not-fetched', clientId: id, retryAfter: failure.retryAfter });
}

function unusable(id: ClientId, detail: string) {
  return refuse({ reason: 'document-unusable', clientId: id, detail });
}
