import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSql, writeSql } from '../../functions/core/tools/bound-sql.ts';
import { SqlRefusal } from '../../functions/core/tools/context.ts';
import type { Tool } from '../../functions/core/tools/define.ts';
import { produce } from '../../functions/core/tools/produce.ts';
import { tools } from '../../functions/tools/index.ts';
import { aCaller } from '../support/callers.ts';
import type { TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aReader, aWriter } from '../support/sql.ts';
import { expectNoLeak } from './abused-database.ts';
import { allLines, eachLine, WHICH } from './corpus.ts';

/** Hostile SQL as a value, where a tool has its own statement: it is compared and stored, and never read as code. */
const NOTHING = () => undefined;
const log = { add: NOTHING, warn: NOTHING, error: NOTHING };
const ada = aCaller();
const user = { subject: 'ada', tenant: 'north', roles: ['editor'], clientId: 'client-1' };

let database: TestDatabase;
/** Names and e-mail addresses of the other tenant's customers. */
let foreign: readonly string[];
beforeAll(async () => {
  database = await startMigratedDatabase();
  const rows = await database.asSuperuser("SELECT name, email FROM app.customers WHERE tenant = 'south'");
  foreign = rows.flatMap(({ name, email }) => [String(name), String(email)]);
});
afterAll(() => database?.stop());

function toolOf(name: string): Tool {
  const found = tools.find((tool) => tool.name === name);
  if (!found) throw new Error(`there is no tool ${name}`);
  return found;
}

async function run(name: string, input: unknown): Promise<object | SqlRefusal> {
  const tool = toolOf(name);
  const parsed = tool.input.parse(input);
  const signal = AbortSignal.timeout(20_000);
  try {
    if (tool.access === 'read') {
      const sql = readSql(tool, (statement) => aReader(database)(ada, statement, signal));
      return await produce(tool, parsed, { user, log, signal, sql, progress: NOTHING });
    }
    const requestId = randomUUID();
    const ended = await aWriter(database)(
      ada,
      (execute) => produce(tool, parsed, { user, log, signal, requestId, sql: writeSql(tool, execute) }),
      signal,
    );
    if (ended.end === 'committed') return ended.value;
    throw ended.error;
  } catch (error) {
    if (error instanceof SqlRefusal) return error;
    throw error;
  }
}

/** Rows of every table but notes, which is written on purpose. */
async function rest(): Promise<unknown> {
  const tables = ['customers', 'orders', 'tickets', 'refunds'];
  const digests = tables.map((name) => `(SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM app.${name} t)`);
  const [row] = await database.asSuperuser(
    `SELECT ${digests.map((digest, at) => `${digest} AS t${at}`).join(', ')},
            (SELECT count(*) FROM pg_class) AS relations, (SELECT count(*) FROM pg_proc) AS routines,
            (SELECT string_agg(to_jsonb(r)::text, ',' ORDER BY rolname) FROM pg_authid r) AS roles,
            (SELECT string_agg(to_jsonb(s)::text, ',') FROM pg_db_role_setting s) AS settings`,
  );
  return row;
}

/** Milliseconds for some 12,000 calls. 20 seconds where nothing else runs; beside seven other suites it has taken ten times that. */
const PATIENT = 400_000;

test(`a search finds nothing by them but names: ${WHICH}`, { timeout: PATIENT }, async () => {
  const before = await rest();
  await eachLine(allLines, async (line) => {
    const customer = line.text.slice(0, 100);
    const found = await run('search_orders', { customer });
    expectNoLeak(found, foreign, line);
    if (customer.includes('\0')) expect(found).toBeInstanceOf(SqlRefusal);
    else expect(rowsWithout(found, customer), line.id).toEqual([]);
  });
  expect(await rest()).toEqual(before);
});

test(`they are no ticket's number: ${WHICH}`, { timeout: PATIENT }, async () => {
  const before = await rest();
  await eachLine(allLines, async (line) => {
    const ticketId = line.text.slice(0, 64);
    const read = await run('read_ticket', { ticketId });
    expectNoLeak(read, foreign, line);
    if (ticketId.includes('\0')) expect(read).toBeInstanceOf(SqlRefusal);
    else expect(read, line.id).toMatchObject({ ticket: null, notes: [] });
  });
  expect(await rest()).toEqual(before);
});

test(`a note says what was written, and nothing else happens: ${WHICH}`, { timeout: PATIENT }, async () => {
  const before = await rest();
  await eachLine(allLines, async (line) => {
    const body = line.text.slice(0, 4_000).trim();
    if (body === '') return;
    const noted = await run('add_ticket_note', { ticketId: 'T-301', body });
    // PostgreSQL's text holds no NUL, so the database refuses such a value.
    if (body.includes('\0')) return void expect(noted).toBeInstanceOf(SqlRefusal);
    expect(noted, line.id).toMatchObject({ added: true });
    const { noteId } = noted as { readonly noteId: string };
    const rows = await database.asSuperuser('SELECT tenant, author, body FROM app.notes WHERE id = $1', [noteId]);
    expect(rows, line.id).toEqual([{ tenant: 'north', author: 'ada', body: body.toWellFormed() }]);
  });
  expect(await rest()).toEqual(before);
});

/** Rows that a part of a name does not explain; short lines are a part of some. */
function rowsWithout(found: object, part: string): readonly unknown[] {
  const rows = found as readonly { readonly customer: string }[];
  return rows.filter(({ customer }) => !customer.toLowerCase().includes(part.toLowerCase()));
}
