import { expect, test } from 'vitest';
import * as z from 'zod';
import { callEvent } from '../../../functions/core/tools/audited.ts';
import { readSql } from '../../../functions/core/tools/bound-sql.ts';
import { defineTool } from '../../../functions/core/tools/define.ts';
import { problemsOf } from '../../../functions/core/tools/problems.ts';
import { createRegistry } from '../../../functions/core/tools/registry.ts';
import { withoutDatabase } from '../../../functions/core/tools/without-database.ts';
import { prompts, resources, tools } from '../../../functions/tools/index.ts';
import { aCaller } from '../../support/callers.ts';

const SCOPES = ['orders:read', 'tickets:read', 'tickets:write'];

/** A tool that asks another service: it names a scope, and no row is behind it. */
const weather = defineTool({
  name: 'weather',
  title: 'Weather',
  description: 'Says what the weather is.',
  access: 'read',
  scopes: ['orders:read'],
  database: 'none',
  input: z.strictObject({}),
  output: z.object({ sky: z.string() }),
  run: async () => ({ sky: 'blue' }),
});
const faulty = (changes: object) => problemsOf({ ...weather, ...changes } as never, new Set(SCOPES));

test('without a database, what names no scope is offered, and what says that it needs none', () => {
  expect(withoutDatabase([...tools, weather]).map(({ name }) => name)).toEqual(['whoami', 'weather']);
  expect(withoutDatabase(resources)).toEqual([]);
  expect(withoutDatabase(prompts)).toEqual([]);
});

test('it is a tool like others, and says nothing of the database to a model', () => {
  const [registered] = createRegistry([weather], SCOPES).tools;
  const [same] = createRegistry([{ ...weather, database: undefined } as never], SCOPES).tools;
  expect(registered?.digest).toBe(same?.digest);
});

test('its sql throws, also where there is a database', async () => {
  const sql = readSql(weather, async () => ({ ok: true, value: [] }));
  await expect(sql`SELECT 1`).rejects.toThrow("weather uses sql but says database: 'none'");
});

test('its audit row names no database user', () => {
  const [tool] = createRegistry([weather], SCOPES).tools;
  const call = { name: 'weather', arguments: {}, caller: aCaller(), requestId: 'r' };
  expect(callEvent(call, tool, { phase: 'call', decision: 'allowed' }).dbRole).toBeUndefined();
});

test('only a read tool can say it, and in one way', () => {
  expect(faulty({})).toEqual([]);
  expect(faulty({ database: 'other' })).toEqual(['database "other" must be \'none\' or absent.']);
  expect(faulty({ access: 'write' })).toEqual([
    'a write tool is a transaction of the database. Remove database, or make access read.',
  ]);
});
