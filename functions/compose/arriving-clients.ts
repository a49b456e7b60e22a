import { createDynamoDbRegistry } from '../adapters/dynamodb-registry.ts';
import type { Table } from '../adapters/dynamodb-table.ts';
import { createSafeFetch } from '../adapters/fetch-safely.ts';
import { fetchSparingly } from '../adapters/fetch-sparingly.ts';
import { systemClock } from '../adapters/system.ts';
import { withFetchedDocuments } from '../core/oauth/cimd/document-clients.ts';
import type { ClientDirectory } from '../core/oauth/store.ts';
import { documentPorts, knownClients } from './known-clients.ts';

/** The clients that the authorize function knows, and those that it may get to know. */
export function clientsOf(
  table: Table,
  config: Parameters<typeof documentPorts>[1],
): { readonly registry: ClientDirectory; readonly arriving?: ClientDirectory } {
  const stored = createDynamoDbRegistry(table);
  const registry = knownClients(stored, table, config);
  if (!config.CLIENT_DOCUMENTS) return { registry };
  const fetch = fetchSparingly(createSafeFetch(), systemClock);
  return { registry, arriving: withFetchedDocuments(stored, { ...documentPorts(table, config), fetch }) };
}
