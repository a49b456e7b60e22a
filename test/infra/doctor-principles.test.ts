import { describe, expect, test } from 'vitest';
import type { Finding } from '../../infra/cli/doctor/finding.ts';
import { type Principle, principlesText } from '../../infra/cli/doctor/principles.ts';

/** Which of the ten principles `gatehouse doctor` says it saw. */
const seen = (principle: Principle, ...statuses: readonly Finding['status'][]) =>
  statuses.map((status) => ({ name: 'a check', status, says: '', principle }));

describe('a principle', () => {
  test('is seen when everything that stands for it was looked at and is right', () => {
    const text = principlesText([...seen(1, 'ok'), ...seen(2, 'ok', 'ok'), ...seen(8, 'ok', 'warn')]);
    expect(text).toMatch(/^Principles checked live: 3\/10\n/);
    for (const name of ['the fence', 'scopes', 'the audit log', 'a read-only database']) expect(text).toContain(name);
    expect(text).not.toContain('not there yet');
  });

  test('is named as missing when one thing of it failed', () => {
    const text = principlesText([...seen(2, 'ok', 'fail', 'ok'), ...seen(9, 'ok')]);
    expect(text).toContain('Principles checked live: 1/10, and not there yet:\n   2  verified bearer tokens\n');
  });

  test('is not seen when a part of it was not looked at, as HTTPS on loopback', () => {
    const text = principlesText(seen(4, 'ok', 'not checked'));
    expect(text).toContain('Principles checked live: 0/10\n');
    expect(text).toContain('   4  HTTPS only: not on loopback\n');
  });
});
