import {
  type DocumentPorts,
  withFetchedDocuments,
  withKeptDocuments,
} from '../../../functions/core/oauth/cimd/document-clients.ts';
import type { DocumentRule } from '../../../functions/core/oauth/cimd/rule.ts';
import type { Fetched, FetchFailure, StoredDocument } from '../../../functions/core/oauth/cimd/store.ts';
import type { ClientDirectory } from '../../../functions/core/oauth/store.ts';
import { ok, type Result, refuse } from '../../../functions/core/result.ts';
import { aClient, aClientId } from '../../support/builders.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

export const ID = aClientId('https://client.example/app/client.json');
export const RULE: DocumentRule = { url: ID, redirectUris: ['https://client.example/cb'], keysHost: 'keys.example' };
export const DOCUMENT = { client_id: ID, client_name: 'Example', redirect_uris: ['https://client.example/cb'] };
export const SIGNS = { ...DOCUMENT, token_endpoint_auth_method: 'private_key_jwt' };
export const KEY = { kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ' };
export const registry: ClientDirectory = { find: async (id) => ok(aClient({ id })) };

export const down = refuse({ reason: 'store-unavailable', operation: 'find', detail: 'down' });
export const disabled = { ok: false, error: { reason: 'client-disabled', clientId: ID } };

type World = {
  /** What the tables answer. */
  rules: Awaited<ReturnType<DocumentPorts['rules']['find']>>;
  stored: Awaited<ReturnType<DocumentPorts['documents']['find']>>;
  keep: Awaited<ReturnType<DocumentPorts['documents']['keep']>>;
  vetted: readonly DocumentRule[];
  /** What hosts answer, by address. */
  readonly answers: Map<string, Result<Fetched, FetchFailure>>;
  /** What was asked, in order. */
  readonly fetched: string[];
  readonly hosts: string[];
  readonly kept: StoredDocument[];
  reads: number;
};

/** Hosts and tables that answer what a test says. One rule admits one client, whose host serves `document`. */
export function aDocumentWorld(document: unknown = DOCUMENT) {
  const clock = createFakeClock();
  const world: World = {
    rules: ok({ status: 'on', rules: [RULE] }),
    stored: ok(undefined),
    keep: ok('kept'),
    vetted: [],
    answers: new Map([[ID, ok({ text: JSON.stringify(document), freshFor: 600 })]]),
    fetched: [],
    hosts: [],
    kept: [],
    reads: 0,
  };
  const ports = () => ({
    clock,
    issuer: 'https://mcp.example',
    vetted: world.vetted,
    rules: {
      find: async (host: string) => {
        world.hosts.push(host);
        return world.rules;
      },
    },
    documents: {
      find: async () => {
        world.reads++;
        return world.stored;
      },
      keep: async (item: StoredDocument) => {
        world.kept.push(item);
        return world.keep;
      },
    },
    fetch: async (url: string) => {
      world.fetched.push(url);
      return world.answers.get(url) ?? refuse('no answer');
    },
  });
  return {
    world,
    clock,
    fetching: () => withFetchedDocuments(registry, ports()),
    begin: (id = ID) => withFetchedDocuments(registry, ports()).find(id),
    know: (id = ID) => withKeptDocuments(registry, ports()).find(id),
  };
}

/** A copy of a document, kept ten minutes ago for ten more. */
export function aStoredDocument(changes: Partial<StoredDocument> = {}, document: unknown = DOCUMENT): StoredDocument {
  const until = createFakeClock().seconds() + 600;
  const text = JSON.stringify(document);
  return { url: ID, status: 'on', text, keys: undefined, freshUntil: until, expires: until, ...changes };
}
