import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { ReadSql } from '../../functions/core/tools/context.ts';
import { defineTool } from '../../functions/core/tools/define.ts';
import { createRegistry } from '../../functions/core/tools/registry.ts';
import { tools } from '../../functions/tools/index.ts';
import { corpus } from '../core/fence/corpus.ts';
import { expectOnlyFenced, fencesIn } from '../core/fence/leaving.ts';
import { aCall, aStack, CATALOGUE, resultOf, type Stack, textOf } from '../core/tools/fixture/stack.ts';
import { token } from '../core/tools/fixture/tokens.ts';
import type { TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aReader } from '../support/sql.ts';
import { unfenceIndependently } from '../support/unfence-independently.ts';

/** What leaves a real PostgreSQL, through the Data API and the reader's own login: names, values, messages. */
let database: TestDatabase;
let stack: Stack;
let ask: (sql: ReadSql) => ReturnType<ReadSql>;

const asked = defineTool({
  name: 'asked',
  title: 'Asked',
  description: 'Asks the database what the test says.',
  access: 'read',
  scopes: ['tickets:read'],
  input: z.strictObject({}),
  output: z.object({ rows: z.array(z.object({}).catchall(z.unknown())) }),
  run: async (_input, { sql }) => ({ rows: await ask(sql) }),
});

beforeAll(async () => {
  database = await startMigratedDatabase();
  stack = aStack({ registry: createRegistry([...tools, asked], CATALOGUE), read: aReader(database) });
}, 60_000);
afterAll(() => database.stop());

/**
 * PostgreSQL holds neither NUL nor half a surrogate pair. The large corpora would take minutes, and know no other way in.
 */
const lines = corpus.filter(({ id, text }) => id.startsWith('own-') && text.isWellFormed() && !text.includes('\0'));
/** The corpus has three lines for most forgeries: alone, inside a line, and on a line of its own. */
const third = lines.filter((_, at) => at % 3 === 0);

/** A statement as nobody should write one: its text made of data. */
function pasted(sql: ReadSql, text: string): ReturnType<ReadSql> {
  return sql(Object.assign([text], { raw: [text] }));
}

async function answerOf(name: string, input: object, hostile: string, id: string) {
  const response = await stack.send(aCall(name, input, token()));
  expectOnlyFenced(JSON.parse(response.body ?? ''), hostile, id);
  return { result: resultOf(response), text: textOf(response), logged: JSON.stringify(stack.logged.splice(0)) };
}

test('names of columns that a statement chose leave as data', { timeout: 120_000 }, async () => {
  for (const { id, text } of third) {
    // PostgreSQL has no empty name, and an output schema drops this one, which could change an object.
    if (text === '' || text === '__proto__') continue;
    ask = (sql) => pasted(sql, `SELECT 1 AS "${text.replaceAll('"', '""')}"`);
    const answer = await answerOf('asked', {}, text, id);
    expect(answer.result, id).not.toHaveProperty('isError');
    expect(fencesIn(answer.text).fences, id).toHaveLength(1);
    const { rows } = JSON.parse(unfenceIndependently(answer.text)) as { rows: { columns: string[] }[][] };
    const [column = ''] = rows[0]?.[0]?.columns ?? [];
    // An identifier of PostgreSQL has 63 bytes.
    expect(column.length, id).toBeGreaterThan(0);
    expect(text.startsWith(column), id).toBe(true);
  }
});

test('what PostgreSQL quotes in a message neither leaves nor is logged', { timeout: 120_000 }, async () => {
  for (const { id, text } of third) {
    ask = (sql) => sql`SELECT (${`x${text}`}::text)::int AS n`;
    const { result, text: said, logged } = await answerOf('asked', {}, text, id);
    expect(result, id).toMatchObject({ isError: true, _meta: { 'gatehouse/error': { code: 'database_refused' } } });
    expect(said, id).not.toContain('invalid input syntax');
    expect(logged, id).toContain('22P02');
    if (text.length >= 16) expect(logged, id).not.toContain(JSON.stringify(text.slice(0, 40)).slice(1, -1));
  }
});

test('every line of the corpus, as a ticket somebody wrote, is read as that very ticket', {
  timeout: 120_000,
}, async () => {
  await database.asSuperuser(
    `INSERT INTO app.tickets (id, tenant, customer_id, order_id, number, subject, body, status, created_at)
     SELECT gen_random_uuid(), t.tenant, t.customer_id, t.order_id, 'X-' || line.at, line.text, line.text, t.status, t.created_at
       FROM app.tickets t, unnest($1::text[]) WITH ORDINALITY AS line(text, at) WHERE t.number = 'T-301'`,
    [lines.map(({ text }) => text)],
  );
  for (let at = 0; at < lines.length; at += 10) {
    const { id = '', text = '' } = lines[at] ?? {};
    const { text: told } = await answerOf('read_ticket', { ticketId: `X-${at + 1}` }, text, id);
    const { rows } = JSON.parse(unfenceIndependently(told)) as { rows: { columns: string[]; rows: string[][] }[][] };
    const ticket = rows[0]?.[0];
    expect(ticket?.rows[0]?.[ticket.columns.indexOf('body')], id).toBe(text);

    ask = (sql) => sql`
      SELECT body FROM app.tickets WHERE number LIKE 'X-%' AND substr(number, 3)::int BETWEEN ${at + 1} AND ${at + 10}
       ORDER BY substr(number, 3)::int`;
    const { text: many } = await answerOf('asked', {}, text, id);
    const bodies = JSON.parse(unfenceIndependently(many)) as { rows: { rows: string[][] }[][] };
    expect(bodies.rows[0]?.[0]?.rows.flat(), id).toEqual(lines.slice(at, at + 10).map((line) => line.text));
  }
});
