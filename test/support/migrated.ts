import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createAdminDatabase } from '../../functions/adapters/data-api-admin.ts';
import { type Migration, readMigrations } from '../../functions/migrate/migration-files.ts';
import type { MigratePorts } from '../../functions/migrate/ports.ts';
import { runMigrations } from '../../functions/migrate/run-migrations.ts';
import { CLUSTER, DATABASE, type Login, SECRETS, startDatabase, type TestDatabase } from './database.ts';

export const MIGRATIONS = fileURLToPath(new URL('../../functions/migrate/migrations', import.meta.url));

/** The ports of a migration over the test's Data API. */
export function migratePorts(database: TestDatabase, untilAwake?: number): MigratePorts {
  const { client, logins } = database;
  const api = { client, clusterArn: CLUSTER, secretArn: SECRETS.admin, database: DATABASE };
  const quiet = () => undefined;
  return {
    database: createAdminDatabase(api, untilAwake),
    logins: async () => [logins.get(SECRETS.reader), logins.get(SECRETS.writer)] as Login[],
    publicKey: () => Promise.reject(new Error('no key is needed here')),
    sampleData: true,
    migrations: MIGRATIONS,
    random: randomBytes,
    log: { info: quiet, error: quiet },
  };
}

/** Migrates with the real files, or with those given. */
export function migrate(database: TestDatabase, migrations: readonly Migration[] = readMigrations(MIGRATIONS)) {
  return runMigrations(migratePorts(database), migrations, { sampleData: true });
}

/** A database with the schema and the sample data in it. */
export async function startMigratedDatabase(): Promise<TestDatabase> {
  const database = await startDatabase();
  await migrate(database);
  database.api.calls.length = 0;
  return database;
}
