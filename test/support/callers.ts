import type { Caller } from '../../functions/core/ports.ts';

/** A verified caller. Ada, of tenant north, unless told otherwise. */
export function aCaller(more: Partial<Caller> = {}): Caller {
  return {
    subject: 'ada',
    clientId: 'client-1',
    scopes: new Set(['orders:read', 'tickets:read', 'tickets:write']),
    roles: ['editor'],
    tenant: 'north',
    tokenId: 'token-1',
    ...more,
  };
}
