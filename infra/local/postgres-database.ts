import pg from 'pg';
import type { Postgres } from './postgres.ts';

/**
 * The database and its master user as RDS hands them over: the master is no superuser, may create roles and databases,
 * and owns the database. Everything else (roles, schemas, tables) is the migrations' work, as on AWS.
 * Safe to call at every start; the password is set to `adminPassword` when another one is in force.
 */
export async function ensureDatabase(options: {
  readonly postgres: Postgres;
  readonly database: string;
  readonly adminUser: string;
  readonly adminPassword: string;
}): Promise<void> {
  if (await masterCanLogIn(options)) return;
  const { postgres, database, adminUser, adminPassword } = options;
  const client = new pg.Client({ ...postgres, ...postgres.superuser, database: 'postgres' });
  await client.connect();
  try {
    const [role, name] = [adminUser, database].map((text) => client.escapeIdentifier(text)) as [string, string];
    const has = async (query: string, value: string) => (await client.query(query, [value])).rowCount === 1;
    const verb = (await has('SELECT 1 FROM pg_roles WHERE rolname = $1', adminUser)) ? 'ALTER' : 'CREATE';
    const powers = 'LOGIN NOSUPERUSER CREATEROLE CREATEDB NOREPLICATION NOBYPASSRLS';
    await client.query(`${verb} ROLE ${role} ${powers} PASSWORD ${client.escapeLiteral(adminPassword)}`);
    if (!(await has('SELECT 1 FROM pg_database WHERE datname = $1', database))) {
      await client.query(`CREATE DATABASE ${name} OWNER ${role}`);
    }
    // The other databases of the cluster are nobody's but the operator's.
    await client.query('REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC');
  } finally {
    await client.end();
  }
}

async function masterCanLogIn(options: Parameters<typeof ensureDatabase>[0]): Promise<boolean> {
  const { postgres, database, adminUser, adminPassword } = options;
  const { host, port } = postgres;
  const client = new pg.Client({ host, port, database, user: adminUser, password: adminPassword });
  try {
    await client.connect();
    return true;
  } catch (error) {
    // 28P01 wrong password or no such role, 3D000 no such database: what we are here to mend.
    if (['28P01', '28000', '3D000'].includes((error as { code?: string }).code ?? '')) return false;
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
