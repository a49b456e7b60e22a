import { describe, expect, test } from 'vitest';
import type { Answered, Appended, MetricsOf } from '../../functions/core/metrics/metric.ts';
import { signInMetrics } from '../../functions/core/metrics/sign-in-metrics.ts';
import { toolMetrics } from '../../functions/core/metrics/tool-metrics.ts';
import { FAILURE_CODES } from '../../functions/core/tools/failure.ts';

const names = (metricsOf: MetricsOf, answered: Partial<Answered>, appended: readonly Appended[] = []) =>
  metricsOf({ path: '/mcp', status: 200, durationMs: 12, ...answered }, appended).map(({ name }) => name);

const row = (tool: string, decision: 'allowed' | 'denied', reason?: string, durable = true): Appended => ({
  event: { tool, decision, reason },
  durable,
});

describe('a request at the authorization server', () => {
  test.each<[what: string, answered: Partial<Answered>, appended: Appended[], counted: string[]]>([
    [
      'a token that was handed out',
      { path: '/token' },
      [row('auth:token', 'allowed', 'authorization_code')],
      ['SignInCompleted'],
    ],
    ['a refreshed token', { path: '/token' }, [row('auth:token', 'allowed', 'refresh_token')], ['TokenRefreshed']],
    [
      'a token that was signed and then not handed out',
      { path: '/token', status: 500 },
      [row('auth:token', 'allowed', 'refresh_token')],
      [],
    ],
    [
      'a registration that was not stored',
      { path: '/register', status: 503, reason: 'store-unavailable' },
      [row('auth:registration', 'allowed')],
      ['RegistrationRefused'],
    ],
    [
      'a consent that was denied',
      { path: '/consent', status: 303, reason: 'consent-denied' },
      [row('auth:consent', 'denied')],
      ['SignInRefused'],
    ],
    [
      'a grant that ended without its row',
      { path: '/token', status: 503, reason: 'store-unavailable' },
      [row('auth:revocation', 'denied', 'code-replayed', false)],
      ['TokenRefused', 'RefreshReuse', 'GrantRevoked', 'AuditUnavailable'],
    ],
    ['a revocation that was refused', { path: '/revoke', status: 401, reason: 'client-unknown' }, [], []],
    ['a stranger who came past CloudFront', { path: '/token', status: 403, reason: 'not-through-the-edge' }, [], []],
    ['anybody while the stack is off', { path: '/authorize', status: 503, reason: 'switched-off' }, [], []],
    ['an address that is a name of every object', { path: 'constructor', reason: 'client-unknown' }, [], []],
  ])('counts for what it came to: %s', (_, answered, appended, counted) => {
    expect(names(signInMetrics, answered, appended)).toEqual(counted);
  });
});

describe('a request at the MCP endpoint', () => {
  const call = { operation: 'tools/call search_orders', decision: 'allowed' };

  test.each<[what: string, answered: Partial<Answered>, counted: string[]]>([
    ['a call that gave a result', call, ['ToolCallAllowed', 'ToolCallDuration']],
    ['a call whose tool said no', { ...call, failure: 'request_refused' }, ['ToolCallAllowed', 'ToolCallDuration']],
    ['a call that crashed', { ...call, status: 500 }, ['ToolCallAllowed', 'ToolCallFailed', 'ToolCallDuration']],
    [
      'a code that nobody knows',
      { ...call, failure: 'toString' },
      ['ToolCallAllowed', 'ToolCallFailed', 'ToolCallDuration'],
    ],
    ['a call that a scope forbids', { ...call, decision: 'denied', status: 403 }, ['ToolCallDenied']],
    [
      'a refusal that could not be recorded',
      { ...call, decision: 'denied', failure: 'audit_unavailable' },
      ['ToolCallDenied'],
    ],
    ['arguments that do not fit', { ...call, decision: 'invalid', failure: 'invalid_arguments' }, []],
    [
      'a write that its function finds not to fit',
      { ...call, decision: 'handed to the write function', failure: 'invalid_arguments' },
      [],
    ],
    [
      'a write that its function denies',
      { ...call, decision: 'handed to the write function', failure: 'request_replayed' },
      ['ToolCallDenied'],
    ],
    ['a call that nobody judged', { operation: call.operation }, []],
    ['a resource', { operation: 'resources/read orders', decision: 'denied' }, []],
    [
      'a resource of a sleeping database',
      { operation: 'resources/read orders', decision: 'allowed', failure: 'database_resuming' },
      ['DatabaseWaking'],
    ],
    ['a request without a token', { status: 401 }, ['BearerRefused']],
  ])('counts for what it came to: %s', (_, answered, counted) => {
    expect(names(toolMetrics, answered)).toEqual(counted);
  });

  test('every code that a caller can be told is one end of a call, and never two', () => {
    const ends = FAILURE_CODES.map((failure) =>
      names(toolMetrics, { ...call, failure }).filter((name) => !/Waking/.test(name)),
    );
    const known = [
      '',
      'ToolCallDenied',
      'ToolCallAllowed ToolCallDuration',
      'ToolCallAllowed ToolCallFailed ToolCallDuration',
    ];
    expect(ends.length).toBeGreaterThan(10);
    for (const end of ends) expect(known).toContain(end.join(' '));
  });
});
