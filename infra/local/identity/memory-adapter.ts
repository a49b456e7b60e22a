import type { Adapter, Payload } from 'oidc-provider';

/**
 * Storage for the identity provider, in memory: a sign-in does not outlive the run, and the provider's own in-memory
 * default announces itself on the console. Entries that have expired are dropped when their model is next written.
 */
export function createMemoryAdapters(now: () => number = Date.now): (model: string) => Adapter {
  const models = new Map<string, Map<string, { payload: Payload; expires: number }>>();
  return (model) => {
    const entries = models.get(model) ?? new Map<string, { payload: Payload; expires: number }>();
    models.set(model, entries);
    const find = async (id: string) => {
      const entry = entries.get(id);
      return entry && entry.expires > now() ? entry.payload : undefined;
    };
    const findBy = async (member: 'uid' | 'userCode', value: string) => {
      const found = [...entries].find(([, { payload }]) => payload[member] === value);
      return found && find(found[0]);
    };
    return {
      find,
      findByUid: (uid) => findBy('uid', uid),
      findByUserCode: (userCode) => findBy('userCode', userCode),
      upsert: async (id, payload, expiresIn) => {
        for (const [key, { expires }] of entries) if (expires <= now()) entries.delete(key);
        entries.set(id, {
          payload,
          expires: expiresIn === undefined ? Number.POSITIVE_INFINITY : now() + expiresIn * 1000,
        });
      },
      consume: async (id) => {
        const entry = entries.get(id);
        if (entry) entry.payload = { ...entry.payload, consumed: Math.floor(now() / 1000) };
      },
      destroy: async (id) => {
        entries.delete(id);
      },
      revokeByGrantId: async (grantId) => {
        for (const each of models.values()) {
          for (const [id, { payload }] of each) if (payload.grantId === grantId) each.delete(id);
        }
      },
    };
  };
}
