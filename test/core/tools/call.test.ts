import { expect, test } from 'vitest';
import { refuse } from '../../../functions/core/result.ts';
import { aCall, aStack, probe, resultOf, textOf } from './fixture/stack.ts';
import { token } from './fixture/tokens.ts';

const SECRET = 'rows of somebody';

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

test('a result is withheld until its audit row is durable', async () => {
  probe.run = async () => ({ text: SECRET });
  const row = deferred<{ hash: string }>();
  let answered = false;
  const answer = aStack({ audit: () => row.promise })
    .send(aCall('probe', {}, token()))
    .then((response) => {
      answered = true;
      return response;
    });
  await soon();
  expect(answered).toBe(false);
  row.resolve({ hash: 'hash-of-the-row' });
  expect(textOf(await answer)).toContain(SECRET);
});

test('the row is written while the tool runs, not after it', async () => {
  const work = deferred<{ text: string }>();
  probe.run = () => work.promise;
  const stack = aStack();
  const answer = stack.send(aCall('probe', {}, token()));
  await soon();
  expect(stack.audit).toHaveLength(1);
  work.resolve({ text: 'late' });
  expect(textOf(await answer)).toContain('late');
});

test.each([
  ['at once', async () => Promise.reject(new Error('no table'))],
  ['late', async () => soon().then(() => Promise.reject(new Error('no table')))],
  [
    'by throwing',
    () => {
      throw new Error('no table');
    },
  ],
])('when the row fails %s, nothing of the result leaves', async (_when, audit) => {
  probe.run = async () => ({ text: SECRET });
  const response = await aStack({ audit }).send(aCall('probe', {}, token()));
  expect(resultOf(response)).toMatchObject({
    isError: true,
    _meta: { 'gatehouse/error': { code: 'audit_unavailable', retry: true } },
  });
  expect(textOf(response)).toMatch(/^audit unavailable/);
  expect(JSON.stringify(response)).not.toContain(SECRET);
});

test('when the row fails, a tool that is still running is stopped', async () => {
  let aborted = false;
  probe.run = (_input, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted = true;
        reject(signal.reason);
      });
    });
  const response = await aStack({ auditFails: true }).send(aCall('probe', {}, token()));
  expect(aborted).toBe(true);
  expect(textOf(response)).toMatch(/^audit unavailable/);
});

test('refusals too are withheld until they are recorded', async () => {
  const stack = aStack({ auditFails: true });
  for (const call of [
    aCall('probe', { text: 7 }, token()),
    aCall('no_such_tool', {}, token()),
    aCall('probe', {}, token({ roles: [] })),
  ]) {
    expect(textOf(await stack.send(call))).toMatch(/^audit unavailable/);
  }
});

test.each([
  ['throws', async () => Promise.reject(new Error(SECRET))],
  ['throws no error', async () => Promise.reject(SECRET)],
  ['returns another shape', async () => ({ other: SECRET })],
  ['returns another type', async () => ({ text: [SECRET] })],
  ['returns nothing', async () => undefined],
])('a tool that %s fails without a word of what it had', async (_what, run) => {
  probe.run = run;
  const stack = aStack();
  const response = await stack.send(aCall('probe', {}, token()));
  expect(resultOf(response)).toMatchObject({ isError: true, _meta: { 'gatehouse/error': { code: 'tool_failed' } } });
  expect(JSON.stringify(response)).not.toContain(SECRET);
  expect(textOf(response)).toContain('request-1');
  expect(JSON.stringify(stack.logged).includes('["error",')).toBe(true);
});

test('fields that no output schema names do not leave', async () => {
  probe.run = async () => ({ text: 'fine', password: SECRET });
  const response = await aStack().send(aCall('probe', {}, token()));
  expect(textOf(response)).toContain('fine');
  expect(JSON.stringify(response)).not.toMatch(/password|rows of/);
});

test('a call ends when its time is up, even if the tool does not listen', async () => {
  probe.run = () => new Promise(() => {});
  const stack = aStack();
  const { headers, body } = aCall('probe', {}, token());
  const started = Date.now();
  const request = { method: 'POST', path: '/mcp', query: [], rawQuery: '', cookies: {}, requestId: 'r', headers, body };
  const response = await stack.handle(request, stack.context({ deadline: Date.now() + 1_100 }));
  expect(Date.now() - started).toBeLessThan(1_000);
  expect(resultOf(response)).toMatchObject({
    isError: true,
    _meta: { 'gatehouse/error': { code: 'timeout', retry: true } },
  });
});

test.each([
  ['resuming', 'waking up', true],
  ['timeout', 'took too long', true],
  ['unavailable', 'cannot be reached', true],
  ['unavailable', 'fault of the server', false],
  ['denied', 'does not let this tool', false],
  ['too-large', 'too large', false],
  ['invalid', 'could not run this', false],
] as const)('a database that is %s is named in a sentence that quotes nothing', async (reason, words, retry) => {
  const read = async () => refuse({ reason, retry, detail: `invalid input syntax: "${SECRET}"`, sqlState: '22P02' });
  const stack = aStack({ read });
  const response = await stack.send(aCall('search_orders', {}, token()));
  expect(textOf(response)).toContain(words);
  expect(resultOf(response)).toMatchObject({ isError: true, _meta: { 'gatehouse/error': { retry } } });
  expect(JSON.stringify(response)).not.toContain(SECRET);
  // PostgreSQL quotes the value it could not read, and that is an argument: the log keeps the SQLSTATE alone.
  expect(JSON.stringify(stack.logged)).toContain('22P02');
  expect(JSON.stringify(stack.logged)).not.toContain(SECRET);
});

test('arguments that no audit row could prove are refused as arguments', async () => {
  const stack = aStack();
  const response = await stack.send(aCall('probe', { text: 'a\ud800b' }, token()));
  expect(resultOf(response)).toMatchObject({ _meta: { 'gatehouse/error': { code: 'invalid_arguments' } } });
  expect(stack.audit).toMatchObject([{ decision: 'invalid', reason: 'arguments' }]);
});

test('values reach the database as parameters only', async () => {
  const stack = aStack();
  const customer = "x' OR 1=1 --";
  expect(resultOf(await stack.send(aCall('search_orders', { customer, limit: 3 }, token())))).not.toHaveProperty(
    'isError',
  );
  const [statement] = stack.statements;
  expect(statement?.text).not.toContain('OR 1=1');
  expect(statement?.values).toContain(customer);
  expect(statement?.values).toContain(3);
});

test('a tool without scopes is given no rows, whatever it tries', async () => {
  const { createRegistry } = await import('../../../functions/core/tools/registry.ts');
  const { probeTool, CATALOGUE } = await import('./fixture/stack.ts');
  const sneaky = {
    ...probeTool,
    scopes: [],
    run: async (_input: unknown, context: { sql: (text: TemplateStringsArray) => Promise<unknown> }) => ({
      text: JSON.stringify(await context.sql`SELECT 1`),
    }),
  };
  const stack = aStack({ registry: createRegistry([sneaky as never], CATALOGUE), rows: [{ n: 1 }] });
  expect(resultOf(await stack.send(aCall('probe', {}, token())))).toMatchObject({ isError: true });
  expect(stack.statements).toEqual([]);
});

test.each([
  [{ status: 'failed', code: 'outcome_unknown' } as const, 'outcome_unknown', 'It is not known whether'],
  [{ status: 'failed', code: 'database_resuming' } as const, 'database_resuming', 'waking up'],
])('what the write function says is passed on: %o', async (outcome, code, words) => {
  const bearer = token({ scope: 'tickets:write' });
  const input = { ticketId: 'T-1', body: 'x' };
  const response = await aStack({ outcome }).send(aCall('add_ticket_note', input, bearer));
  expect(resultOf(response)).toMatchObject({ isError: true, _meta: { 'gatehouse/error': { code } } });
  expect(textOf(response)).toContain(words);
});

test('a write function that gives no answer leaves the outcome unknown', async () => {
  const stack = aStack({
    write: async () => {
      throw new Error('socket hang up');
    },
  });
  const input = { ticketId: 'T-1', body: 'x' };
  const response = await stack.send(aCall('add_ticket_note', input, token({ scope: 'tickets:write' })));
  expect(textOf(response)).toContain('It is not known whether the change was made');
});
