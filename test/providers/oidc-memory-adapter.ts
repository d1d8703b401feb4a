import type { AdapterFactory, AdapterPayload } from 'oidc-provider';

/** An in-memory adapter for `oidc-provider`. It never removes entries, because the provider checks their expiry. */
export function memoryAdapter(): AdapterFactory {
  return () => {
    const stored = new Map<string, AdapterPayload>();
    const findBy = (field: 'uid' | 'userCode', value: string): AdapterPayload | undefined =>
      [...stored.values()].find((payload) => payload[field] === value);
    return {
      upsert: async (id, payload) => {
        stored.set(id, payload);
      },
      find: async (id) => stored.get(id),
      findByUid: async (uid) => findBy('uid', uid),
      findByUserCode: async (userCode) => findBy('userCode', userCode),
      consume: async (id) => {
        stored.set(id, { ...stored.get(id), consumed: Math.floor(Date.now() / 1000) });
      },
      destroy: async (id) => {
        stored.delete(id);
      },
      revokeByGrantId: async (grantId) => {
        for (const [id, payload] of stored) if (payload.grantId === grantId) stored.delete(id);
      },
    };
  };
}
