import { describe, expect, test } from 'vitest';
import { type ClaimNames, identityOf } from '../../functions/adapters/upstream-claims.ts';

/** Roles and tenant, wherever a provider writes them. */
const NAMES: ClaimNames = { rolesClaim: 'roles', tenantClaim: 'tenant' };

function read(claims: Readonly<Record<string, unknown>>, names: Partial<ClaimNames> = {}) {
  const identity = identityOf({ sub: 'ada', ...claims }, { ...NAMES, ...names });
  return identity.ok ? identity.value : identity.error;
}

describe('roles', () => {
  test.each<[string, unknown, ClaimNames['rolesSeparator'], readonly string[]]>([
    ['a list', ['a', 'b'], undefined, ['a', 'b']],
    ['one', 'a', undefined, ['a']],
    ['one with a space and a comma in it', 'not, an editor', undefined, ['not, an editor']],
    ['several between spaces', 'a  b ', 'space', ['a', 'b']],
    ['several between commas', 'a, b b,,c', 'comma', ['a', 'b b', 'c']],
    ['a list, whose entries are never cut', ['not an editor', 'a,b'], 'space', ['not an editor', 'a,b']],
    ['what is no text in a list', ['a', 1, null, '', {}], 'comma', ['a']],
    ['a number', 7, 'comma', []],
    ['a group', { a: true }, undefined, []],
    ['nothing', undefined, 'space', []],
  ])('%s', (_, roles, rolesSeparator, expected) => {
    expect(read({ roles }, { rolesSeparator })).toMatchObject({ roles: expected });
  });
});

describe('the name of a claim', () => {
  test('is the whole of it where a claim is called so, dots and all', () => {
    const url = 'https://example.com/roles';
    expect(read({ [url]: ['a'], 'https://example': { 'com/roles': ['b'] } }, { rolesClaim: url })).toMatchObject({
      roles: ['a'],
    });
    expect(read({ 'a.b': ['flat'], a: { b: ['nested'] } }, { rolesClaim: 'a.b' })).toMatchObject({ roles: ['flat'] });
  });

  test('leads into groups by its dots where none is', () => {
    const claims = { resource_access: { gatehouse: { roles: ['a'] } }, organization: { id: 'north' } };
    const names = { rolesClaim: 'resource_access.gatehouse.roles', tenantClaim: 'organization.id' };
    expect(read(claims, names)).toMatchObject({ roles: ['a'], tenant: 'north' });
  });

  test.each(['constructor.name', '__proto__.x', 'roles.length', 'roles.0', 'toString', 'a..b', '.', 'a.b.c'])(
    '%s leads to nothing that the provider did not write',
    (rolesClaim) => {
      expect(read({ roles: ['a'], a: { b: 'c' } }, { rolesClaim })).toMatchObject({ roles: [] });
    },
  );
});
