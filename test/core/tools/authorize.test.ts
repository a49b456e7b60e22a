import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Caller } from '../../../functions/core/ports.ts';
import { authorize, reachOf, withImplied } from '../../../functions/core/tools/authorize.ts';
import { CATALOGUE, POLICY } from './fixture/stack.ts';

function caller(roles: readonly string[], scopes: readonly string[]): Caller {
  return { subject: 's', clientId: 'c', tenant: undefined, tokenId: 't', roles, scopes: new Set(scopes) };
}

test('a call needs every scope, in the roles and in the token', () => {
  const tool = { scopes: ['orders:read', 'tickets:write'] };
  expect(authorize(POLICY, caller(['editor'], CATALOGUE), tool)).toEqual({ ok: true, value: undefined });
  expect(authorize(POLICY, caller(['editor'], ['orders:read']), tool)).toEqual({
    ok: false,
    error: { reason: 'insufficient-scope', needs: tool.scopes, missing: ['tickets:write'] },
  });
  expect(authorize(POLICY, caller(['reader'], CATALOGUE), tool)).toMatchObject({ error: { reason: 'beyond-roles' } });
});

test('several roles add up', () => {
  const policy = { roles: { a: ['x'], b: ['y'] } };
  expect(authorize(policy, caller(['a', 'b', 'unknown'], ['x', 'y']), { scopes: ['x', 'y'] }).ok).toBe(true);
});

test('what a scope includes is declared, through any number of steps and around any circle', () => {
  const policy = { roles: {}, implies: { all: ['most'], most: ['some', 'all'] } };
  expect([...withImplied(policy, ['all'])].sort()).toEqual(['all', 'most', 'some']);
  expect([...withImplied(policy, ['orders'])]).toEqual(['orders']);
});

test('roles and scopes named like properties of an object give nothing', () => {
  expect(reachOf(POLICY, ['constructor', '__proto__', 'toString'])).toBeUndefined();
  expect([...withImplied({ roles: {}, implies: {} }, ['constructor'])]).toEqual(['constructor']);
});

test('fewer roles or fewer scopes never allow more', () => {
  const roles = fc.subarray(['reader', 'editor', 'stranger']);
  const scopes = fc.subarray(CATALOGUE);
  fc.assert(
    fc.property(roles, scopes, scopes, fc.nat(), fc.nat(), (held, granted, needed, dropRole, dropScope) => {
      const tool = { scopes: needed };
      const less = caller(
        held.filter((_, index) => index !== dropRole % (held.length + 1)),
        granted.filter((_, index) => index !== dropScope % (granted.length + 1)),
      );
      if (authorize(POLICY, less, tool).ok) expect(authorize(POLICY, caller(held, granted), tool).ok).toBe(true);
    }),
  );
});
