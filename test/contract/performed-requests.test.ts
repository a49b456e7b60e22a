import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Caller } from '../../functions/core/ports.ts';
import { sql } from '../../functions/core/sql/statement.ts';
import { callMac, performOnce } from '../../functions/core/tools/perform-once.ts';
import { aCaller } from '../support/callers.ts';
import type { TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aReader, aWriter } from '../support/sql.ts';

let database: TestDatabase;
let write: ReturnType<typeof aWriter>;
beforeAll(async () => {
  database = await startMigratedDatabase();
  await database.asSuperuser(`
    CREATE TABLE app.ran (who text);
    ALTER TABLE app.ran ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY all_of_them ON app.ran USING (true) WITH CHECK (true);
    GRANT INSERT, SELECT ON app.ran TO mcp_writer`);
  write = aWriter(database);
});
afterAll(() => database.stop());

const ada = aCaller({ subject: 'ada', tenant: 'north' });
const KEY = Buffer.alloc(32, 7);

/** One delivery of a call: what it ended with. Its work leaves a row, so how often it ran can be counted. */
function deliver(requestId: string, options: { readonly as?: Caller; readonly args?: string } = {}) {
  const { as: caller = ada, args = '{"n":1}' } = options;
  const mac = callMac(KEY, 'a_tool', caller.subject, args);
  return write(
    caller,
    (execute) =>
      performOnce(execute, { requestId, mac }, async () => {
        await execute(sql`INSERT INTO app.ran VALUES (${requestId})`);
        return { answer: `${caller.subject} ${randomUUID()}` };
      }),
    AbortSignal.timeout(10_000),
  );
}
const runs = async (requestId: string) =>
  (await database.asSuperuser('SELECT 1 FROM app.ran WHERE who = $1', [requestId])).length;
const operations = () => database.api.calls.map(({ operation }) => operation);

test('a call runs once, and the second delivery gets the answer of the first', async () => {
  const first = await deliver('once');
  expect(first).toMatchObject({ end: 'committed', value: { repeated: false } });
  const again = await deliver('once');
  expect(again).toMatchObject({ end: 'committed', value: { repeated: true } });
  expect(again.end === 'committed' && again.value.value).toEqual(first.end === 'committed' && first.value.value);
  expect(await runs('once')).toBe(1);
});

test('it costs two statements more, inside the one transaction; a repeated call has nothing else in its', async () => {
  database.api.calls.length = 0;
  await deliver('counted');
  const [E, transaction] = [
    'ExecuteStatement',
    (...inside: string[]) => ['BeginTransaction', ...inside, 'CommitTransaction'],
  ];
  // Settings, claim, the tool's own statement, answer.
  expect(operations()).toEqual(transaction(E, E, E, E));
  database.api.calls.length = 0;
  await deliver('counted');
  expect(operations()).toEqual(transaction(E, E));
});

test('eight deliveries at once: one runs, all get the same answer', async () => {
  const ended = await Promise.all(Array.from({ length: 8 }, () => deliver('eight')));
  expect(ended.map(({ end }) => end)).toEqual(Array(8).fill('committed'));
  expect(new Set(ended.map((each) => each.end === 'committed' && JSON.stringify(each.value.value))).size).toBe(1);
  expect(await runs('eight')).toBe(1);
});

test('another call under the same id is refused and changes nothing', async () => {
  await deliver('twice');
  expect(await deliver('twice', { args: '{"n":2}' })).toMatchObject({
    end: 'rolled-back',
    error: { code: 'request_replayed' },
  });
  expect(await runs('twice')).toBe(1);
});

test.each([
  ['another person', aCaller({ subject: 'bob', tenant: 'north' })],
  ['another tenant', aCaller({ subject: 'ada', tenant: 'south' })],
  ['nobody’s tenant', aCaller({ subject: 'ada', tenant: undefined })],
])('the request id of %s is another request: neither refused nor answered with what is theirs', async (_, as) => {
  const id = randomUUID();
  const mine = await deliver(id);
  const theirs = await deliver(id, { as });
  expect([mine, theirs]).toMatchObject([{ value: { repeated: false } }, { value: { repeated: false } }]);
  expect(await runs(id)).toBe(2);
});

test('a call that failed has not been made: the next delivery runs it', async () => {
  const failing = write(
    ada,
    (execute) =>
      performOnce(execute, { requestId: 'failed', mac: callMac(KEY, 'a_tool', 'ada', '{"n":1}') }, async () => {
        throw new Error('not today');
      }),
    AbortSignal.timeout(10_000),
  );
  expect(await failing).toMatchObject({ end: 'rolled-back' });
  expect(await deliver('failed')).toMatchObject({ end: 'committed', value: { repeated: false } });
});

test('requests a day old go, a hundred with each call, whosever they are', async () => {
  await database.asSuperuser(`
    INSERT INTO gatehouse.performed
    SELECT 'tenant ' || n, 'somebody', 'old', sha256('x'), '{}', now() - interval '25 hours' FROM generate_series(1, 150) n`);
  const old = async () =>
    (await database.asSuperuser("SELECT 1 FROM gatehouse.performed WHERE request_id = 'old'")).length;
  await deliver('tidies');
  expect(await old()).toBe(50);
  await deliver('tidies more');
  expect(await old()).toBe(0);
  expect(await deliver('tidies')).toMatchObject({ value: { repeated: true } });
});

describe('whoever holds a login', () => {
  const refused = { ok: false, error: { reason: 'denied', sqlState: '42501' } };
  const asWriter = (statement: ReturnType<typeof sql>) =>
    write(ada, async (execute) => ({ answer: await execute(statement) }), AbortSignal.timeout(10_000));

  test.each([
    sql`SELECT answer FROM gatehouse.performed`,
    sql`DELETE FROM gatehouse.performed`,
    sql`UPDATE gatehouse.performed SET answer = 'x'`,
    sql`INSERT INTO gatehouse.performed SELECT 'north', 'ada', 'forged', sha256('x'), '{}', now()`,
  ])('has no way to the table as the writer: $text', async (statement) => {
    expect(await asWriter(statement)).toMatchObject({ end: 'rolled-back', error: { failure: refused.error } });
  });

  test('of the reader can claim nothing', async () => {
    const read = aReader(database);
    const claim = sql`SELECT state FROM gatehouse.claim_request('read', sha256('x'))`;
    expect(await read(ada, claim)).toMatchObject(refused);
  });

  test('cannot change an answer, nor give one to what was not claimed', async () => {
    await deliver('kept');
    for (const id of ['kept', 'never claimed']) {
      const ended = await asWriter(sql`SELECT gatehouse.keep_answer(${id}, '{"forged":true}') AS kept`);
      expect(ended).toMatchObject({ end: 'rolled-back', error: { failure: refused.error } });
    }
  });

  test('is nobody without a signed context', async () => {
    const ended = await write(
      ada,
      async (execute) => {
        await execute(
          sql`SELECT set_config('app.ctx', ${'616461.6e6f727468.9999999999.'.padEnd(90, '0')}, true) AS set`,
        );
        return execute(sql`SELECT state FROM gatehouse.claim_request('forged', sha256('x'))`);
      },
      AbortSignal.timeout(10_000),
    );
    expect(ended).toMatchObject({ end: 'rolled-back', error: { failure: refused.error } });
  });
});
