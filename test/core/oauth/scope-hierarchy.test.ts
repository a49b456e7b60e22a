import { describe, expect, test } from 'vitest';
import { describeConsent } from '../../../functions/core/oauth/consent.ts';
import { downScoped, scopeWithin } from '../../../functions/core/oauth/scope.ts';
import { authorize } from '../../../functions/core/tools/authorize.ts';
import { consentPage } from '../../../functions/http/pages/consent.ts';
import { aCaller } from '../../support/callers.ts';

/** `all` includes `manage`, which includes `read` and `refund`; `notes` stands alone. */
const implies = { all: ['manage'], manage: ['read', 'refund'] };

describe('what is granted of a request, and what the tools then allow, agree', () => {
  test.each<[asked: string, client: string, role: string, granted: string, may: string]>([
    ['manage', 'manage', 'manage', 'manage', 'manage read refund'],
    ['read', 'manage', 'manage', 'read', 'read'],
    ['manage', 'read', 'manage', 'read', 'read'],
    ['manage', 'all', 'read refund', 'read refund', 'read refund'],
    ['all', 'all', 'manage', 'manage', 'manage read refund'],
    ['manage read', 'all', 'all', 'manage read', 'manage read refund'],
    ['all notes', 'all notes', 'refund notes', 'notes refund', 'notes refund'],
    ['read', 'refund', 'all', '', ''],
    ['read', 'all', 'notes', '', ''],
  ])('asked for %s by a client of %s for a role of %s: %s', (asked, client, role, granted, may) => {
    const [wanted, ceiling, reach] = [asked, client, role].map((list) => list.split(' '));
    const scopes = downScoped(wanted ?? [], implies, ceiling ?? [], reach ?? []);
    expect(scopes.join(' ')).toBe(granted);

    const policy = { roles: { someone: reach ?? [] }, implies };
    const caller = aCaller({ roles: ['someone'], scopes: new Set(scopes) });
    const every = ['all', 'manage', 'notes', 'read', 'refund'];
    expect(every.filter((scope) => authorize(policy, caller, { scopes: [scope] }).ok).join(' ')).toBe(may);
  });

  test('a request is narrowed by the ceiling of its client before anybody is asked', () => {
    expect(scopeWithin(['manage'], ['read'], [], implies)).toEqual({ ok: true, value: ['read'] });
    expect(scopeWithin(['manage'], ['read'], [])).toMatchObject({ ok: false });
  });
});

test('the consent page says beside a scope what it includes', async () => {
  const words = { manage: 'Manage orders', read: 'See orders', refund: 'Refund orders', notes: 'Add notes' };
  const client = { id: 'c', name: 'C', source: 'dcr', grantTypes: [] };
  const request = {
    redirectUri: 'https://app.example/cb',
    clientId: 'c',
    scope: ['manage', 'notes'],
    resource: 'https://x.example/mcp',
  };
  const view = describeConsent(client as never, request as never, { words, implies }, 'Provider');
  const page = await consentPage(view, { transaction: 't', csrf: 'c' });
  expect(page).toContain('Manage orders (includes: See orders; Refund orders)');
  expect(page).toMatch(/<span>Add notes<code>notes<\/code>/);
});
