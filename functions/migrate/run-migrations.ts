import { DatabaseFault, type RunSql } from '../adapters/data-api-admin.ts';
import { secureLogins } from './logins.ts';
import type { Migration } from './migration-files.ts';
import { DeployStopped, type MigratePorts } from './ports.ts';
import { selfCheck } from './self-check.ts';

export type MigrationRun = {
  /** The last migration of the schema, whoever applied it. */
  readonly version: string;
  /** What this run applied. */
  readonly applied: readonly string[];
};

/** "gatehouse", as a number: every transaction of a run holds it, so runs exclude each other. */
const LOCK = 0x67617465;

/**
 * Brings the database to the newest migration, checks that nothing is granted beyond what is declared, and gives the two
 * logins their passwords and keys. Each migration is one transaction: one that fails leaves the schema of the one
 * before. Runs that meet wait for each other, and each migration is applied once.
 *
 * @throws DeployStopped naming the migration that failed or was changed, or listing what the check found.
 */
export async function runMigrations(
  ports: Pick<MigratePorts, 'database' | 'logins' | 'random'>,
  migrations: readonly Migration[],
  options: { readonly sampleData: boolean },
): Promise<MigrationRun> {
  const wanted = migrations.filter((migration) => options.sampleData || !migration.sample);
  const version = wanted.findLast((migration) => !migration.sample)?.version;
  if (version === undefined) throw new DeployStopped('there is no migration');
  const done = await exclusively(ports, history);
  refuseGaps(done, migrations);
  const applied: string[] = [];
  for (const migration of wanted) {
    if (isApplied(done, migration)) continue;
    const now = await exclusively(ports, (run) => apply(run, migration));
    if (now) applied.push(migration.version);
  }
  const problems = await exclusively(ports, selfCheck);
  if (problems.length > 0) {
    throw new DeployStopped(
      `the database grants more than is declared: ${problems.map(({ problem }) => problem).join('; ')}`,
    );
  }
  // Last: a login that may do more than it should gets no password to do it with.
  const logins = await ports.logins();
  await exclusively(ports, (run) => secureLogins(run, logins, ports.random));
  return { version, applied };
}

async function exclusively<T>(
  { database }: Pick<MigratePorts, 'database'>,
  work: (run: RunSql) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.transaction(async (run) => {
        // Shorter than the Data API's own limit, so that waiting ends with an answer and not with a broken call.
        await run("SET LOCAL lock_timeout = '30s'");
        await run('SELECT true AS locked FROM pg_advisory_xact_lock(:p1)', [LOCK]);
        await run("SET LOCAL lock_timeout = '10s'");
        return work(run);
      });
    } catch (error) {
      const waited = error instanceof DatabaseFault && error.failure.sqlState === '55P03' && attempt < 5;
      if (!waited) throw error;
    }
  }
}

type History = ReadonlyMap<string, string>;

async function history(run: RunSql): Promise<History> {
  await run('CREATE SCHEMA IF NOT EXISTS migrations');
  await run(`CREATE TABLE IF NOT EXISTS migrations.applied (
    version text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
  const rows = await run('SELECT version, checksum FROM migrations.applied');
  return new Map(rows.map((row) => [String(row.version), String(row.checksum)]));
}

/**
 * The database may know later migrations than this deployment: then it is a rollback of the code, and the schema stays.
 * One that is missing between those that are here was deleted, and nobody can tell any more what the schema is.
 */
function refuseGaps(done: History, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map((migration) => migration.version));
  const last = migrations.findLast((migration) => !migration.sample)?.version ?? '';
  const lost = [...done.keys()].find((version) => !known.has(version) && version < last);
  if (lost !== undefined)
    throw new DeployStopped(`migration ${lost} was applied to this database and its file is gone. Bring it back`);
}

function isApplied(done: History, migration: Migration): boolean {
  const checksum = done.get(migration.version);
  if (checksum === undefined) return false;
  if (checksum === migration.checksum) return true;
  throw new DeployStopped(
    `migration ${migration.version} was changed after it was applied. Restore it, and put the change into a new file`,
  );
}

/** True when this call applied it, false when another run had. */
async function apply(run: RunSql, migration: Migration): Promise<boolean> {
  if (isApplied(await history(run), migration)) return false;
  for (const [index, statement] of migration.statements.entries()) {
    try {
      await run(statement);
    } catch (error) {
      if (!(error instanceof DatabaseFault)) throw error;
      const place = `migration ${migration.version}, statement ${index + 1} of ${migration.statements.length}`;
      throw new DeployStopped(`${place}: ${error.message}. Nothing of this migration was kept`, { cause: error });
    }
  }
  await run('RESET ROLE');
  await run('INSERT INTO migrations.applied (version, checksum) VALUES (:p1, :p2)', [
    migration.version,
    migration.checksum,
  ]);
  return true;
}
