import { createDynamoDbDocuments } from '../adapters/dynamodb-documents.ts';
import { createDynamoDbRules } from '../adapters/dynamodb-rules.ts';
import type { Table } from '../adapters/dynamodb-table.ts';
import { systemClock } from '../adapters/system.ts';
import { type DocumentPorts, withKeptDocuments, withoutDocuments } from '../core/oauth/cimd/document-clients.ts';
import { rulesOfPresets } from '../core/oauth/cimd/rule.ts';
import { presetsNamed } from '../core/oauth/presets/index.ts';
import type { ClientDirectory } from '../core/oauth/store.ts';

type ClientConfig = {
  readonly ISSUER: string;
  readonly CLIENT_DOCUMENTS: boolean;
  readonly VETTED_CLIENTS: readonly string[];
};

/** What decides about clients that describe themselves in a document. */
export function documentPorts(table: Table, config: ClientConfig): DocumentPorts {
  return {
    clock: systemClock,
    rules: createDynamoDbRules(table),
    vetted: rulesOfPresets(presetsNamed(config.VETTED_CLIENTS)),
    documents: createDynamoDbDocuments(table),
    issuer: config.ISSUER,
  };
}

/** Every client that is known, without fetching anything. */
export function knownClients(registry: ClientDirectory, table: Table, config: ClientConfig): ClientDirectory {
  if (!config.CLIENT_DOCUMENTS) return withoutDocuments(registry);
  return withKeptDocuments(registry, documentPorts(table, config));
}
