import * as model from '@aws-sdk/client-rds-data';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../functions/core/sql/statement.ts';
import { aCaller } from '../support/callers.ts';
import type { TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aReader, aWriter } from '../support/sql.ts';

/** The local front against AWS's own service model, which the SDK carries: what is on the wire, before anybody reads it. */
let database: TestDatabase;
const seen: { readonly operation: string; readonly input: unknown; readonly output: unknown }[] = [];
beforeAll(async () => {
  database = await startMigratedDatabase();
  database.api.fault = async ({ operation, input }, serve) => {
    const output = await serve();
    seen.push({ operation, input, output });
    return output;
  };
});
afterEach(() => {
  seen.length = 0;
});
afterAll(() => database.stop());

const SHAPES: Readonly<Record<string, readonly [request: unknown, response: unknown]>> = {
  BeginTransaction: [model.BeginTransactionRequest$, model.BeginTransactionResponse$],
  CommitTransaction: [model.CommitTransactionRequest$, model.CommitTransactionResponse$],
  ExecuteStatement: [model.ExecuteStatementRequest$, model.ExecuteStatementResponse$],
  RollbackTransaction: [model.RollbackTransactionRequest$, model.RollbackTransactionResponse$],
};

/** Kinds of schema, as `@smithy/types` numbers them: simple ones are numbers, the others lists that begin with one. */
const [LIST, STRUCTURE, UNION] = [1, 3, 4];
const SIMPLE: Readonly<Record<number, (value: unknown) => boolean>> = {
  0: (value) => typeof value === 'string',
  // restJson1 has three strings for the doubles that JSON has no number for.
  1: (value) => typeof value === 'number' || ['NaN', 'Infinity', '-Infinity'].includes(String(value)),
  2: (value) => typeof value === 'boolean',
  21: (value) => typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value,
};

/** Every place of a value that the model does not have, or has as something else. */
function strangers(value: unknown, schema: unknown, place = ''): string[] {
  if (typeof schema === 'function') return strangers(value, schema(), place);
  if (typeof schema === 'number') return SIMPLE[schema]?.(value) ? [] : [`${place} is ${JSON.stringify(value)}`];
  const parts = schema as readonly unknown[];
  // A member with traits of its own: the schema, and the traits.
  if (typeof parts[0] !== 'number') return strangers(value, parts[0], place);
  if (parts[0] === LIST) {
    const sparse = typeof parts[3] === 'object';
    if (!Array.isArray(value)) return [`${place} is no list`];
    return value.flatMap((each, at) => (each === null && sparse ? [] : strangers(each, parts[4], `${place}[${at}]`)));
  }
  expect([STRUCTURE, UNION]).toContain(parts[0]);
  const [names, types] = [parts[4] as readonly string[], parts[5] as readonly unknown[]];
  const members = Object.entries(value as object);
  const several = parts[0] === UNION && members.length !== 1 ? [`${place} has ${members.length} members`] : [];
  return several.concat(
    members.flatMap(([name, member]) => {
      const at = names.indexOf(name);
      return at < 0 ? [`${place}.${name} is no member`] : strangers(member, types[at], `${place}.${name}`);
    }),
  );
}

test('every request and every answer is what the service model says', async () => {
  const read = aReader(database);
  await read(
    aCaller(),
    sql`SELECT 1 AS i, 9223372036854775807 AS b, 1.5::numeric AS d, 'NaN'::float8 AS f, true AS t, NULL::text AS n, 'x' AS s,
               '\\x00ff'::bytea AS y, now() AS w, '{}'::jsonb AS j, ARRAY[1, NULL] AS li, ARRAY['a', NULL] AS ls,
               ARRAY[0.5::float8] AS lf, ARRAY[true] AS lb, ${Uint8Array.of(1)} AS p, ${1.5} AS q, ${2n ** 60n}::int8 AS r`,
  );
  await aWriter(database)(aCaller(), (execute) => execute(sql`SELECT ${'x'} AS v`), AbortSignal.timeout(5_000));
  expect(new Set(seen.map(({ operation }) => operation))).toEqual(new Set(Object.keys(SHAPES)));
  for (const { operation, input, output } of seen) {
    const [request, response] = SHAPES[operation] ?? [];
    expect([operation, strangers(input, request), strangers(output, response)]).toEqual([operation, [], []]);
  }
  const answer = seen.find(({ output }) => JSON.stringify(output).includes('columnMetadata'));
  expect(answer).toBeDefined();
});

test('a member that is none, a union with two and a wrong type would be seen', () => {
  const [, response] = SHAPES.ExecuteStatement ?? [];
  expect(
    strangers({ records: [[{ longValue: 'x' }, { isNull: true, stringValue: '' }, { intValue: 1 }]] }, response),
  ).toEqual([
    '.records[0][0].longValue is "x"',
    '.records[0][1] has 2 members',
    '.records[0][2].intValue is no member',
  ]);
});
