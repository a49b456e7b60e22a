import type { RegistryDesk } from './clients/registry-desk.ts';
import type { GrantRow, GrantsDesk } from './grants/grants-desk.ts';
import type { RecordChange } from './on-record.ts';
import type { RulesDesk } from './rules/rules-desk.ts';

/** The same desks, each change on record before it is made. What only reads is not. */

export function recordedRegistry(desk: RegistryDesk, record: RecordChange): RegistryDesk {
  const about = async (kind: `clients.${string}`, clientId: string) => record({ kind, clientId });
  return {
    list: desk.list,
    add: async (client) => {
      await record({ kind: 'clients.add', clientId: client.id, scopes: client.ceiling });
      return desk.add(client);
    },
    disable: async (id) => {
      await about('clients.disable', id);
      return desk.disable(id);
    },
    approve: async (id, expires) => {
      await about('clients.approve', id);
      return desk.approve(id, expires);
    },
    remove: async (id) => {
      await about('clients.remove', id);
      return desk.remove(id);
    },
    invite: async (token) => {
      await record({ kind: 'clients.invite', scopes: token.ceiling, about: token.id });
      return desk.invite(token);
    },
    uninvite: async (id) => {
      await record({ kind: 'clients.uninvite', about: id });
      return desk.uninvite(id);
    },
  };
}

export function recordedRules(desk: RulesDesk, record: RecordChange): RulesDesk {
  return {
    list: desk.list,
    add: async (host, rule) => {
      await record({ kind: 'rules.add', scopes: rule.ceiling, about: rule.url });
      return desk.add(host, rule);
    },
    remove: async (host, url) => {
      await record({ kind: 'rules.remove', about: url });
      return desk.remove(host, url);
    },
  };
}

export function recordedGrants(desk: GrantsDesk, record: RecordChange): GrantsDesk {
  const found = new Map<string, GrantRow>();
  return {
    find: async (whose) => {
      const rows = await desk.find(whose);
      for (const row of rows) found.set(row.id, row);
      return rows;
    },
    revoke: async (id) => {
      await record({ kind: 'grants.revoke', clientId: found.get(id)?.clientId, about: id });
      return desk.revoke(id);
    },
  };
}
