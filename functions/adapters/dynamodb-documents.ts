import * as z from 'zod/mini';
import { type Documents, documentKey, type StoredDocument } from '../core/oauth/cimd/store.ts';
import type { ClientId } from '../core/oauth/identifiers.ts';
import type { ItemCorrupt } from '../core/oauth/store.ts';
import { ok, type Result, refuse } from '../core/result.ts';
import { faultsOf, type Item, N, number, oneOf, present, S, string } from './dynamodb-item.ts';
import { find, type Table } from './dynamodb-table.ts';

/**
 * Client metadata documents in DynamoDB: items `CIMD#<digest of the address>`. `fresh` is when the next sign-in fetches
 * again, `exp` (and `ttl`, for the table's own cleaning) when the token endpoint forgets the client.
 */
export function createDynamoDbDocuments(table: Table): Documents {
  return {
    find: (url) => find(table, documentKey(url), (item) => readDocument(url, item)),
    keep: async (document) => {
      const written = await table.put(itemOf(document), {
        expression: 'attribute_not_exists(#pk) OR #st <> :off',
        values: { ':off': string('off') },
      });
      if (written.ok) return ok('kept');
      return written.error.reason === 'condition-failed' ? ok('off') : refuse(written.error);
    },
  };
}

function itemOf(document: StoredDocument): Item {
  return present({
    pk: string(documentKey(document.url)),
    url: string(document.url),
    st: string(document.status),
    doc: string(document.text),
    jwks: document.keys === undefined ? undefined : string(document.keys),
    fresh: number(document.freshUntil),
    exp: number(document.expires),
    ttl: number(document.expires),
  });
}

const Stored = z.object({ url: S, st: oneOf(['on', 'off']), doc: S, jwks: z.optional(S), fresh: N, exp: N });

function readDocument(url: ClientId, item: Item): Result<StoredDocument, ItemCorrupt> {
  const corrupt = (detail: string) => refuse({ reason: 'item-corrupt', item: 'client', id: url, detail });
  const parsed = z.safeParse(Stored, item);
  if (!parsed.success) return corrupt(faultsOf(parsed.error));
  const stored = parsed.data;
  if (stored.url !== url) return corrupt('url');
  return ok({
    url,
    status: stored.st,
    text: stored.doc,
    keys: stored.jwks,
    freshUntil: stored.fresh,
    expires: stored.exp,
  });
}
