import type { RunSql } from '../adapters/data-api-admin.ts';
import { DECLARED } from './declared.ts';

/** One line of the privilege table: who has what, and on what. Texts are names of the database's own. */
export type Privilege = {
  readonly role: string;
  readonly kind: string;
  readonly object: string;
  readonly holds: string;
};

/**
 * Everything our roles, and everybody with them, hold in this database: attributes, memberships, settings, grants on the
 * database, schemas, tables, columns, sequences and routines, what they will get on objects to come, and for each table
 * whether its policies are forced on everybody. Asks only; `mcp_owner` and `mcp_context` own what they made.
 */
export async function privilegesOf(run: RunSql): Promise<readonly Privilege[]> {
  const rows = await run(`${DECLARED}, people AS (
    SELECT r.oid, r.rolname::text AS name FROM pg_roles r JOIN ours o ON o.name = r.rolname UNION ALL SELECT 0, 'PUBLIC'
  ), held (role, kind, object, holds, place) AS (${LISTS.join(' UNION ALL ')})
  SELECT role, kind, object, string_agg(DISTINCT holds, ', ' ORDER BY holds) AS holds
    FROM held GROUP BY role, kind, object, place ORDER BY role = 'PUBLIC', role, place, object`);
  return rows.map(({ role, kind, object, holds }) => ({
    role: String(role),
    kind: String(kind),
    object: String(object),
    holds: String(holds),
  }));
}

/** Grants of one kind of object, as a SELECT that a WHERE may follow; `acl` has a default where none is written down. */
function granted(kind: string, place: number, from: string, object: string, acl: string): string {
  return `SELECT p.name, '${kind}', ${object}, a.privilege_type || CASE WHEN a.is_grantable THEN ' (may grant)' ELSE '' END, ${place}
    FROM ${from} CROSS JOIN LATERAL aclexplode(${acl}) AS a JOIN people p ON p.oid = a.grantee`;
}

const LISTS: readonly string[] = [
  `SELECT o.name, 'attributes', '', concat_ws(' ',
      CASE WHEN r.rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
      CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
      CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END,
      CASE WHEN r.rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END, 'CONNECTION LIMIT ' || r.rolconnlimit), 1
     FROM ours o JOIN pg_roles r ON r.rolname = o.name`,
  `SELECT m.member::regrole::text, 'member', m.roleid::regrole::text, 'member', 2 FROM pg_auth_members m
    WHERE m.member::regrole::text IN (SELECT name FROM ours) OR m.roleid::regrole::text IN (SELECT name FROM ours)`,
  `SELECT name, 'setting', trim(place), setting, 3 FROM actual`,
  `${granted('database', 4, 'pg_database d', 'd.datname::text', "coalesce(d.datacl, acldefault('d', d.datdba))")}
    WHERE d.datname = current_database()`,
  granted('schema', 5, 'spaces s', 's.name', "coalesce(s.nspacl, acldefault('n', s.nspowner))"),
  `${granted('table', 6, 'relations c', 'c.name', "coalesce(c.relacl, acldefault('r', c.relowner))")}
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
  granted(
    'column',
    7,
    'relations c JOIN pg_attribute t ON t.attrelid = c.oid',
    "c.name || '.' || t.attname",
    't.attacl',
  ),
  `${granted('sequence', 8, 'relations c', 'c.name', "coalesce(c.relacl, acldefault('s', c.relowner))")}
    WHERE c.relkind = 'S'`,
  granted(
    'routine',
    9,
    'routines r',
    "r.quoted || CASE WHEN r.prosecdef THEN ' with its owner''s rights' ELSE '' END",
    "coalesce(r.proacl, acldefault('f', r.proowner))",
  ),
  granted(
    'to come',
    10,
    `pg_default_acl d JOIN (VALUES ('r', 'tables'), ('S', 'sequences'), ('f', 'routines'), ('T', 'types'), ('n', 'schemas'))
       AS k (kind, what) ON k.kind = d.defaclobjtype::text`,
    "k.what || ' made by ' || d.defaclrole::regrole::text",
    'd.defaclacl',
  ),
  `SELECT c.relowner::regrole::text, 'row security', c.name, CASE WHEN c.guarded THEN 'forced' ELSE 'not forced' END, 11
     FROM relations c WHERE c.relkind IN ('r', 'p') AND c.relowner::regrole::text IN (SELECT name FROM ours)`,
];
