import pg from 'pg';
import { databaseFailure } from './failures.ts';

export type Login = { readonly username: string; readonly password: string };

export type Connection = {
  readonly client: pg.ClientBase;
  /** Gives the connection back with nothing of this use left on it. */
  readonly release: () => Promise<void>;
};

export type Connections = {
  /** @throws AwsError when the login or the database is refused, or the server is not reachable. */
  readonly open: (login: Login, database: string) => Promise<Connection>;
  readonly close: () => Promise<void>;
};

/** The service's own ceiling is higher; PostgreSQL's CONNECTION LIMIT per role is met first there and here. */
const PER_POOL = 20;

/** Texts whose form the service fixes. As startup options they outlast DISCARD ALL and outrank ALTER ROLE … SET. */
const SESSION =
  '-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=postgres -c bytea_output=hex -c extra_float_digits=1';

/** One pool per login and database. A secret that was rotated has another password, and so another pool. */
export function createConnections(server: { readonly host: string; readonly port: number }): Connections {
  const pools = new Map<string, pg.Pool>();

  const poolOf = ({ username, password }: Login, database: string): pg.Pool => {
    const key = JSON.stringify([username, password, database]);
    const known = pools.get(key);
    if (known !== undefined) return known;
    const options = {
      max: PER_POOL,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: 10_000,
      allowExitOnIdle: true,
    };
    const pool = new pg.Pool({ ...server, user: username, password, database, options: SESSION, ...options });
    // A connection that the server closed, idle or lent out: the pool lets go of it, a statement on it fails by itself.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    pools.set(key, pool);
    return pool;
  };

  return {
    open: async (login, database) => {
      const client = await poolOf(login, database)
        .connect()
        .catch((error: unknown) => {
          throw databaseFailure(error);
        });
      return { client, release: () => reset(client) };
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
      pools.clear();
    },
  };
}

/**
 * No state survives a call: settings, SET ROLE, temporary tables, prepared statements, advisory locks. DISCARD ALL refuses
 * inside a transaction that a statement's author has left open; then the connection ends, and the transaction with it.
 */
async function reset(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('DISCARD ALL');
    client.release();
  } catch {
    client.release(true);
  }
}
