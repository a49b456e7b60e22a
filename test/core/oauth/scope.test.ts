import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  intersection,
  narrowScope,
  parseScope,
  scopesOfRoles,
  scopeWithin,
} from '../../../functions/core/oauth/scope.ts';

const CATALOGUE = ['orders:read', 'tickets:read', 'tickets:write', 'orders:refund'];
const some = fc.subarray(CATALOGUE);
const any = fc.uniqueArray(fc.oneof(fc.constantFrom(...CATALOGUE), fc.stringMatching(/^[a-z:]{1,8}$/)), {
  maxLength: 6,
});

describe('a scope parameter', () => {
  test('is read and written without loss', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,10}$/), { minLength: 1 }), (scopes) => {
        expect(parseScope(scopes.join(' '))).toEqual({ ok: true, value: scopes });
      }),
    );
  });

  test('that a header or a log would have to quote is refused', () => {
    for (const text of ['a"b', 'a\\b', 'a\r\nb', 'a  b', ' a', 'a ', '', 'é', 'a\tb', 'a\u0000']) {
      expect(parseScope(text)).toMatchObject({ ok: false, error: { reason: 'scope-malformed', fault: 'syntax' } });
    }
    expect(parseScope('a b a')).toMatchObject({ error: { reason: 'scope-malformed', fault: 'repeated' } });
    expect(parseScope('a'.repeat(2049))).toMatchObject({ error: { reason: 'scope-malformed', fault: 'too-long' } });
    expect(parseScope('a'.repeat(2048))).toMatchObject({ ok: true });
  });
});

describe('what a request may lead to', () => {
  test('never exceeds what was asked for or what is in reach, and is never nothing', () => {
    fc.assert(
      fc.property(any, some, (requested, reach) => {
        const result = scopeWithin(requested, reach, CATALOGUE);
        if (!result.ok)
          return void expect(intersection(requested.length > 0 ? requested : CATALOGUE, reach)).toEqual([]);
        expect(result.value.length).toBeGreaterThan(0);
        for (const scope of result.value) expect(reach).toContain(scope);
        if (requested.length > 0) for (const scope of result.value) expect(requested).toContain(scope);
      }),
    );
  });

  test('what lies within several bounds lies within each of them', () => {
    expect(intersection(['a', 'b', 'c'], ['c', 'b'], ['b', 'a'])).toEqual(['b']);
    expect(intersection(['a', 'b'])).toEqual(['a', 'b']);
  });

  test('staying signed in is no scope of a refresh', () => {
    expect(narrowScope(['offline_access', 'a'], ['a', 'b'])).toEqual({ ok: true, value: ['a'] });
    expect(narrowScope(['offline_access'], ['a', 'b'])).toEqual({ ok: true, value: ['a', 'b'] });
    expect(narrowScope(undefined, ['a', 'b'])).toEqual({ ok: true, value: ['a', 'b'] });
    expect(narrowScope(['a', 'c'], ['a', 'b'])).toEqual({
      ok: false,
      error: { reason: 'scope-beyond-reach', requested: ['a', 'c'], reach: ['a', 'b'] },
    });
  });

  test('asking for nothing, or only to stay signed in, is asking for the default', () => {
    for (const requested of [undefined, ['offline_access']]) {
      expect(scopeWithin(requested, CATALOGUE, ['orders:read'])).toEqual({ ok: true, value: ['orders:read'] });
    }
  });

  test('a refresh gets what it asks for of what was granted, all of it when it asks for nothing, or a refusal', () => {
    fc.assert(
      fc.property(any, some, (requested, granted) => {
        const result = narrowScope(requested, granted);
        if (requested.length === 0) return void expect(result).toEqual({ ok: true, value: granted });
        expect(result.ok).toBe(requested.every((scope) => granted.includes(scope)));
        if (result.ok) expect(result.value).toEqual(requested);
      }),
    );
  });
});

describe('the roles of a person', () => {
  const ROLES = { reader: ['orders:read'], editor: ['orders:read', 'tickets:write'] };

  test('allow the union of what each allows', () => {
    expect(scopesOfRoles(['reader', 'editor', 'reader'], ROLES)).toEqual(['orders:read', 'tickets:write']);
    expect(scopesOfRoles([], ROLES)).toEqual([]);
  });

  test('that nobody configured allow nothing, not even those every object has', () => {
    expect(scopesOfRoles(['constructor', '__proto__', 'toString', 'admin'], ROLES)).toEqual([]);
  });
});
