import { NEVER } from '../../../functions/core/oauth/lifetimes.ts';
import { type Column, dateOf, textTable } from '../text-table.ts';
import type { Entry } from './registry-desk.ts';

/** Clients as a table, or as one line of JSON each. */
export function shownClients(entries: readonly Entry[], now: number, json: boolean): string {
  if (json) return entries.map((entry) => `${JSON.stringify(plain(entry, now))}\n`).join('');
  if (entries.length === 0) return 'The registry has no clients.\n';
  return textTable(columns(now), entries);
}

const columns = (now: number): readonly Column<Entry>[] => [
  ['client id', ({ id }) => id],
  ['name', ({ client }) => client?.name ?? ''],
  ['source', ({ client }) => client?.source ?? ''],
  ['status', (entry) => statusOf(entry, now)],
  ['expires', ({ client }) => (client ? dateOf(client.expires, NEVER) : '')],
  ['scope at most', ({ client }) => (client ? (client.ceiling?.join(' ') ?? 'every scope') : '')],
  ['redirect URIs', ({ client }) => client?.redirectUris.join(' ') ?? ''],
];

function plain(entry: Entry, now: number): Readonly<Record<string, unknown>> {
  const { id, client, fault } = entry;
  if (client === undefined) return { client_id: id, status: 'unreadable', fault };
  return {
    client_id: id,
    name: client.name ?? null,
    source: client.source,
    status: statusOf(entry, now),
    expires: client.expires < NEVER ? client.expires : null,
    scope: client.ceiling?.join(' ') ?? null,
    redirect_uris: client.redirectUris,
    token_endpoint_auth_method: client.authentication,
    grant_types: client.grantTypes,
    vetted_as: client.vettedAs,
  };
}

/** What the functions would make of it now. */
function statusOf({ client, fault }: Entry, now: number): string {
  if (client === undefined) return `unreadable (${fault})`;
  if (client.status === 'off') return 'disabled';
  return client.expires > now ? 'on' : 'expired';
}
