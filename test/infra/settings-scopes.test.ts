import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { context } from './synthesized.ts';

/** What somebody reads who set these scopes. */
function saying(scopes: object): string {
  try {
    settingsFrom({ ...context, 'gatehouse.scopes': scopes });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a scope that includes others', () => {
  const CIRCLE = 'Let the broader scope include the narrower one, and not the other way round.';

  test.each<[mistake: string, scopes: object, told: string]>([
    [
      'one that is not there',
      { 'orders:read': 'See', 'orders:all': { allows: 'All', implies: ['orders:raed'] } },
      'scopes["orders:all"].implies[0] is "orders:raed", which is not in gatehouse.scopes. Use one of: orders:read, orders:all.',
    ],
    [
      'itself',
      { a: { allows: 'A', implies: ['a'] } },
      `scopes.a.implies leads back to "a" (a → a), so each would be as much as the other. ${CIRCLE}`,
    ],
    [
      'itself, by way of another',
      { a: { allows: 'A', implies: ['b'] }, b: { allows: 'B', implies: ['c'] }, c: { allows: 'C', implies: ['b'] } },
      `scopes.c.implies leads back to "c" (c → b → c), so each would be as much as the other. ${CIRCLE}`,
    ],
    [
      'by a misspelt setting',
      { a: { allow: 'A' } },
      'scopes.a is {"allow":"A"}, which says not what the scope allows. Write text for the consent page, or an object with: allows, implies.',
    ],
  ])('must not include %s', (_mistake, scopes, told) => {
    expect(saying(scopes).split('\n')).toContain(`cdk.json: gatehouse.${told}`);
  });

  test('is taken apart into its words and what it includes', () => {
    const scopes = {
      'orders:read': 'See',
      'tickets:read': 'Read',
      'tickets:write': 'Note',
      'orders:refund': 'Refund',
      'orders:all': { allows: 'All orders', implies: ['orders:read'] },
    };
    const settings = settingsFrom({ ...context, 'gatehouse.scopes': scopes });
    expect(settings.scopes['orders:all']).toBe('All orders');
    expect(settings.implies).toEqual({ 'orders:all': ['orders:read'] });
  });
});
