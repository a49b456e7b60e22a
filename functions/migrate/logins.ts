import type { RunSql } from '../adapters/data-api-admin.ts';
import { rowContextKey } from '../adapters/row-context.ts';
import type { DatabaseLogin } from '../adapters/secrets.ts';
import type { Random } from '../core/ports.ts';
import { DeployStopped } from './ports.ts';
import { scramVerifier } from './scram.ts';

/** The logins that 0001-roles.sql makes; a secret may name no other. */
const LOGINS: readonly string[] = ['mcp_reader', 'mcp_writer'];

/**
 * Gives each login the password of its secret, as a SCRAM verifier, and stores the key of its row contexts. A key that
 * differs from the one in force replaces it; the database takes the replaced one for another day.
 */
export async function secureLogins(run: RunSql, logins: readonly DatabaseLogin[], random: Random): Promise<void> {
  for (const login of logins) {
    if (!LOGINS.includes(login.username)) {
      throw new DeployStopped(`a secret names the login "${login.username}"; it must be one of ${LOGINS.join(', ')}`);
    }
    // The name is one of two, and a verifier holds no quote: neither can be a parameter of ALTER ROLE.
    await run(`ALTER ROLE ${login.username} PASSWORD '${scramVerifier(login.password, random(16))}'`);
    await storeRowContextKey(run, login);
  }
}

async function storeRowContextKey(run: RunSql, login: DatabaseLogin): Promise<void> {
  const [inner, outer] = hmacBlocks(rowContextKey(login));
  await run('SET LOCAL ROLE mcp_context');
  await run(
    `UPDATE gatehouse.row_context_keys SET replaced_at = clock_timestamp()
      WHERE login = :p1 AND inner_block <> :p2 AND replaced_at IS NULL`,
    [login.username, inner],
  );
  await run(
    `INSERT INTO gatehouse.row_context_keys (login, inner_block, outer_block) VALUES (:p1, :p2, :p3)
     ON CONFLICT (login, inner_block) DO UPDATE SET replaced_at = NULL`,
    [login.username, inner, outer],
  );
  await run("DELETE FROM gatehouse.row_context_keys WHERE replaced_at < clock_timestamp() - interval '1 day'");
  await run('RESET ROLE');
}

/** The two blocks that HMAC-SHA256 puts before the message and before the inner digest (RFC 2104 section 2). */
function hmacBlocks(key: Uint8Array): readonly [inner: Buffer, outer: Buffer] {
  const block = Buffer.alloc(64);
  block.set(key);
  return [block.map((byte) => byte ^ 0x36), block.map((byte) => byte ^ 0x5c)].map((bytes) => Buffer.from(bytes)) as [
    Buffer,
    Buffer,
  ];
}
