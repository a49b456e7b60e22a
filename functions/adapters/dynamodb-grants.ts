import { REVOKE_GRANT } from '../core/oauth/grant-item.ts';
import type { ConditionFailed, Grants, StoreUnavailable } from '../core/oauth/store.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { grantItem, grantKey, readGrant } from './dynamodb-grant-item.ts';
import { number, string } from './dynamodb-item.ts';
import { change, find, putDrawn, type Table } from './dynamodb-table.ts';

/** Grants in DynamoDB: items `GRANT#<id>`, code and refresh family in one. `dynamodb-grant-item.ts` has the attributes. */
export function createDynamoDbGrants(table: Table): Grants {
  return {
    find: (id) => find(table, grantKey(id), (item) => readGrant(id, item)),
    mint: (grant) => putDrawn(table, grantItem(grant)),
    redeem: (id, { now, code }, next) =>
      change(
        table,
        grantKey(id),
        {
          expression:
            'SET #st = :active, #fh = :fh, #rt = :rt, #gen = :zero, #idle = :idle, #abs = :abs, #exp = :idle, #ttl = :abs',
          values: {
            ':active': string('active'),
            ':fh': string(next.familySecret),
            ':rt': string(next.current),
            ':zero': number(0),
            ':idle': number(next.idleExpires),
            ':abs': number(next.absoluteExpires),
          },
        },
        {
          expression: '#st = :code AND #ch = :ch AND #cexp > :now AND #exp > :now',
          values: { ':code': string('code'), ':ch': string(code), ':now': number(now) },
        },
        (item) => readGrant(id, item),
      ),
    rotate: (id, { now, current }, next) =>
      change(
        table,
        grantKey(id),
        {
          expression:
            'SET #rt = :rt, #prev = :prev, #succ = :succ, #rotAt = :rotAt, #gen = #gen + :one, #idle = :idle, #exp = :idle',
          values: {
            ':rt': string(next.current),
            ':prev': string(next.superseded.secret),
            ':succ': string(next.superseded.successor),
            ':rotAt': number(next.superseded.at),
            ':one': number(1),
            ':idle': number(next.idleExpires),
          },
        },
        {
          expression: '#st = :active AND #rt = :current AND #abs > :now AND #idle > :now AND #exp > :now',
          values: { ':active': string('active'), ':current': string(current), ':now': number(now) },
        },
        (item) => readGrant(id, item),
      ),
    revokeHeld: async (id, { clientId, familySecret }) => {
      const written = await table.update(grantKey(id), REVOKE_GRANT, {
        expression: '#cid = :client AND #fh = :family AND #st <> :revoked',
        values: { ':client': string(clientId), ':family': string(familySecret) },
      });
      if (!written.ok) return written.error.reason === 'condition-failed' ? ok('kept') : refuse(written.error);
      const grant = readGrant(id, written.value);
      return ok({ revoked: grant.ok ? grant.value : undefined });
    },
    revoke: async (id) =>
      revokedOrKept(await table.update(grantKey(id), REVOKE_GRANT, { expression: 'attribute_exists(#pk)' })),
  };
}

function revokedOrKept(
  written: Result<unknown, ConditionFailed<unknown> | StoreUnavailable>,
): Result<'revoked' | 'kept', StoreUnavailable> {
  if (written.ok) return ok('revoked');
  return written.error.reason === 'condition-failed' ? ok('kept') : refuse(written.error);
}
