import { createSqlReader, createSqlWriter, type ReaderOptions } from '../../functions/adapters/data-api.ts';
import { rowContextKey } from '../../functions/adapters/row-context.ts';
import type { Clock } from '../../functions/core/ports.ts';
import { CLUSTER, DATABASE, type Login, SECRETS, type TestDatabase } from './database.ts';

export const systemClock: Clock = { seconds: () => Math.floor(Date.now() / 1000), millis: () => Date.now() };

function optionsFor(database: TestDatabase, secretArn: string) {
  return {
    client: database.client,
    clusterArn: CLUSTER,
    secretArn,
    database: DATABASE,
    contextKey: async () => rowContextKey(database.logins.get(secretArn) as Login),
    clock: systemClock,
  };
}

/** The reader as `mcp` composes it, over the test's Data API. */
export function aReader(database: TestDatabase, more: Partial<ReaderOptions> = {}) {
  return createSqlReader({ ...optionsFor(database, SECRETS.reader), ...more });
}

/** The writer as `mcp-write` composes it, over the test's Data API. */
export function aWriter(database: TestDatabase) {
  return createSqlWriter(optionsFor(database, SECRETS.writer));
}
