import { parseArgs } from 'node:util';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAuditLog } from '../../infra/cli/audit/open-audit-log.ts';
import { printQuery } from '../../infra/cli/audit/query.ts';
import { QUERY_OPTIONS, queryOf } from '../../infra/cli/audit/query-arguments.ts';
import { AUDIT_TABLE, createAuditTable, fill, streamOf, type Told } from '../support/audit-table.ts';
import { type DynamoDbServer, startFrontedDynalite } from '../support/dynamodb-server.ts';

/** `gatehouse audit query` over a table of two days, two environments each. */
let server: DynamoDbServer;
const NOW = Date.parse('2025-11-23T12:00:00.000Z');
const at = (day: number, time: string) => `2025-11-${day}T${time}.000Z`;
const row = (day: number, time: string, requestId: string, event: Told['event'] = {}): Told => ({
  at: at(day, time),
  event: { requestId, ...event },
});
const bob = { subject: 'bob' };
const ada = { subject: 'ada' };

beforeAll(async () => {
  server = await startFrontedDynalite();
  await createAuditTable(server.client);
  await fill(server.client, [
    ...streamOf('A'.repeat(22), '2025-11-22', [
      row(22, '10:00:00', 'a1', ada),
      row(22, '10:00:02', 'a2', { ...bob, decision: 'denied', reason: 'insufficient-scope' }),
      row(22, '23:59:59', 'a3', { ...ada, tool: 'add_ticket_note' }),
    ]),
    ...streamOf('B'.repeat(22), '2025-11-22', [
      row(22, '10:00:01', 'b1', { ...ada, clientId: 'x'.repeat(200) }),
      row(22, '10:00:03', 'b2', { phase: 'event', tool: 'auth:consent', subject: undefined }),
    ]),
    ...streamOf('C'.repeat(22), '2025-11-23', [row(23, '09:00:00', 'c1', { ...ada, decision: 'failed' })]),
    ...streamOf(
      'D'.repeat(22),
      '2025-11-23',
      Array.from({ length: 120 }, (_, n) => ({
        at: new Date(Date.parse('2025-11-23T08:00:00.000Z') + n).toISOString(),
        event: { subject: 'often', requestId: `d${n}` },
      })),
    ),
  ]);
});
afterAll(() => server.close());

const sent: string[] = [];
let client: DynamoDBClient;
beforeEach(() => {
  client ??= counted(server.client);
  sent.length = 0;
});

function counted(inner: DynamoDBClient): DynamoDBClient {
  inner.middlewareStack.add(
    (next, context) => (args) => {
      sent.push(String(context.commandName));
      return next(args);
    },
    { step: 'initialize' },
  );
  return inner;
}

async function query(line: string) {
  const { values } = parseArgs({ args: line.split(' ').filter(Boolean), options: QUERY_OPTIONS });
  let text = '';
  let told = '';
  const source = { reader: openAuditLog(client, AUDIT_TABLE), log: { client, table: AUDIT_TABLE } };
  const out = { write: (more: string) => (text += more) };
  const found = await printQuery(source, queryOf(values, NOW), out, { write: (more) => (told += more), isTTY: true });
  return { text, told, found };
}

const ids = async (line: string) => {
  const { text } = await query(`${line} --json`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((each) => JSON.parse(each).requestId as string);
};

describe('finds', () => {
  test.each([
    ['of a person, over two days', '--user ada --since 2025-11-22', ['a1', 'b1', 'a3', 'c1']],
    ['of a person, in a time', '--user ada --since 2025-11-22T10:00:01Z --until 2025-11-22', ['b1', 'a3']],
    [
      'of a person, with another offset',
      '--user ada --since 2025-11-22T12:00:01+02:00 --until 2025-11-22',
      ['b1', 'a3'],
    ],
    ['of nobody', '--user nobody --since 2025-11-22', []],
    ['of a person and a tool', '--user ada --tool add_ticket_note --since 2d', ['a3']],
    ['of everybody on a day, by time', '--since 2025-11-22 --until 2025-11-22', ['a1', 'b1', 'a2', 'b2', 'a3']],
    ['with an outcome', '--outcome denied --since 7d', ['a2']],
    ['of a client whose id is too long for a row', `--client ${'x'.repeat(200)} --since 7d`, ['b1']],
    ['of a kind that is no tool', '--tool auth:consent --since 7d', ['b2']],
    ['in the last three hours', '--since 3h --tool search_orders --outcome failed', ['c1']],
    ['at most so many', '--user often --limit 3', ['d0', 'd1', 'd2']],
  ])('rows %s', async (_, line, expected) => {
    expect(await ids(line)).toEqual(expected);
  });

  test('every row of somebody who has many, once each and in order, in pages of 50', async () => {
    expect(await ids('--user often --since 2025-11-23')).toEqual(Array.from({ length: 120 }, (_, n) => `d${n}`));
    const one = ['QueryCommand', 'BatchGetItemCommand'];
    expect(sent).toEqual([...one, ...one, ...one]);
  });
});

test('text has titles, CSV has CRLF, JSON is one row a line, and how much there was is told beside', async () => {
  const text = await query('--user ada --since 2025-11-22');
  expect(text.text.split('\n').map((line) => line.split(/ {2,}/)[0])).toEqual([
    'time',
    at(22, '10:00:00'),
    at(22, '10:00:01'),
    at(22, '23:59:59'),
    at(23, '09:00:00'),
    '',
  ]);
  expect(text.told).toContain('2025-11-22: 3 rows so far');
  expect(text.told).toContain('4 rows from 2025-11-22T00:00:00.000Z to 2025-11-23T12:00:00.000Z.\n');
  expect(text.found).toEqual({ rows: 4, malformed: 0 });
  const csv = (await query('--user ada --since 2025-11-22 --csv')).text.split('\r\n');
  expect(csv.map((line) => line.split(',').slice(0, 5).join())).toEqual([
    'time,phase,decision,tool,subject',
    `${at(22, '10:00:00')},call,allowed,search_orders,ada`,
    `${at(22, '10:00:01')},call,allowed,search_orders,ada`,
    `${at(22, '23:59:59')},call,allowed,add_ticket_note,ada`,
    `${at(23, '09:00:00')},call,failed,search_orders,ada`,
    '',
  ]);
});

describe('says what is wrong with', () => {
  test.each([
    ['--user=', '--user is empty. Name one, or leave --user out to see every one.'],
    ['--outcome yes', '--outcome is "yes". It is one of: allowed, denied, invalid, failed, unknown.'],
    ['--limit 0', '--limit is "0", which is no number of rows. Write one from 1 to 999999999.'],
    ['--limit ten', '--limit is "ten", which is no number of rows. Write one from 1 to 999999999.'],
    ['--since yesterday', '--since is "yesterday", which is no time.'],
    ['--since 2025-02-30', '--since is "2025-02-30", which is no time.'],
    ['--until 2025-11-22T10:00', '--until is "2025-11-22T10:00", which is no time.'],
    ['--since 1h --until 2h', '--since is 2025-11-23T11:00:00.000Z, after --until, which is 2025-11-23T10:00:00.000Z.'],
    ['--since 9000d', '--since and --until are more than ten years apart.'],
    ['--json --csv', '--json and --csv are two forms of the same rows. Take one of them.'],
  ])('%s', async (line, sentence) => {
    await expect(query(line)).rejects.toThrow(sentence);
    expect(sent).toEqual([]);
  });
});

test.each([
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tx', "'\tx"],
  ['a,b', '"a,b"'],
  ['a"b', '"a""b"'],
  ['a\nb', '"a\nb"'],
  ['plain', 'plain'],
])('a cell of CSV that is %j is written as %j', async (requestId, cell) => {
  const { csvRow } = await import('../../infra/cli/audit/query-csv.ts');
  const { anEvent, aStreamId } = await import('../core/audit/builders.ts');
  const { recordOf } = await import('../../functions/core/audit/record.ts');
  const position = { stream: aStreamId, seq: 1, previous: 'A'.repeat(43), at: at(22, '10:00:00') };
  const record = { ...recordOf(anEvent({ requestId }), undefined, position), h: 'A'.repeat(43) };
  expect(csvRow(record)).toContain(`,${cell},orders:read tickets:read,`);
});
