import { expect, test } from 'vitest';
import * as z from 'zod';
import { defineTool, type Tool } from '../../../functions/core/tools/define.ts';
import { createRegistry } from '../../../functions/core/tools/registry.ts';
import { tools } from '../../../functions/tools/index.ts';
import { CATALOGUE } from './fixture/stack.ts';

const good = {
  name: 'count_things',
  title: 'Count things',
  description: 'Counts things.',
  access: 'read',
  scopes: ['orders:read'],
  input: z.strictObject({ kind: z.string().optional() }),
  output: z.object({ count: z.number() }),
  run: async () => ({ count: 1 }),
} as const;

/** A tool as somebody might write it past the type checker. */
function tool(changes: Record<string, unknown>): Tool {
  return { ...good, ...changes } as unknown as Tool;
}

function problem(...list: Tool[]): string {
  try {
    createRegistry(list, CATALOGUE);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
}

test('the tools of this repository are all in order', () => {
  const registry = createRegistry(tools, CATALOGUE);
  expect(registry.tools.map(({ name }) => name)).toEqual(['add_ticket_note', 'read_ticket', 'search_orders', 'whoami']);
  expect(registry.find('whoami')?.name).toBe('whoami');
  expect(registry.find('constructor')).toBeUndefined();
});

test.each([
  [{ acess: 'read' }, '"acess" is not a field of a tool. The fields are name, title,'],
  [{ access: undefined }, "access is missing. Write access: 'read', or access: 'write' for a tool that changes rows."],
  [{ access: 'admin' }, `access is "admin". Write access: 'read', or access: 'write'`],
  [{ scopes: undefined }, 'scopes is missing. Name the scopes a call needs; [] for a tool that reads no rows.'],
  [
    { scopes: ['orders:delete'] },
    'scope "orders:delete" is not in the catalogue (orders:read, tickets:read, tickets:write, orders:refund). Add it to "scopes" in cdk.json, or use one of these.',
  ],
  [{ access: 'write', scopes: [] }, 'a write tool needs at least one scope. Name the one a person must consent to.'],
  [{ approval: 'required' }, 'only a write tool can ask for approval. Remove approval, or make access write.'],
  [{ access: 'write', approval: 'maybe' }, `approval "maybe" must be 'required' or absent.`],
  [{ description: undefined }, 'description is missing. Write what the model needs to know.'],
  [{ description: '  ' }, 'description is missing. Write what the model needs to know.'],
  [{ title: '' }, 'title is missing. Write what the user sees.'],
  [
    { description: 'Counts th\u0456ngs.' },
    'description has the character U+0456, which is not printable ASCII. Replace it.',
  ],
  [{ description: 'Counts\u200b things.' }, 'description has the character U+200B, which is not printable ASCII.'],
  [
    { input: z.strictObject({ a: z.string().describe('caf\u00e9') }) },
    'input.properties.a.description has the character U+00E9',
  ],
  [{ input: z.object({}) }, 'input must be z.strictObject({ ... }).'],
  [{ input: z.looseObject({}) }, 'input must be z.strictObject({ ... }).'],
  [{ input: z.string() }, 'input must be an object schema: z.strictObject({ ... }).'],
  [{ output: undefined }, 'output must be z.object({ ... }) or z.array(z.object({ ... })).'],
  [{ output: z.array(z.string()) }, 'output must be z.object({ ... }) or z.array(z.object({ ... })).'],
  [{ output: z.object({ at: z.date() }) }, 'input and output must be JSON ('],
  [{ examples: [{ kind: 7 }] }, 'an example does not fit input: '],
  [{ run: undefined }, 'run is missing. Add an async run(input, context).'],
])('%o is a mistake with a file, a reason and a fix', (changes, message) => {
  expect(problem(tool(changes))).toContain(
    `functions/tools/count-things.ts: ${message.startsWith('must') ? 'title' : message}`,
  );
  expect(problem(tool(changes))).toContain(message);
});

test('a name that is none is found by its place in the list', () => {
  expect(problem(tool({}), tool({ name: undefined }))).toContain(
    'functions/tools/index.ts, tool 2: name undefined must be snake_case',
  );
  expect(problem(tool({ name: 'Count-Things' }))).toContain('name "Count-Things" must be snake_case');
});

test('two tools of one name are both named', () => {
  expect(problem(tool({}), tool({ title: 'Other' }))).toBe(
    'functions/tools/count-things.ts: another tool is called "count_things" too. Give each its own name.',
  );
});

test('all mistakes are told at once', () => {
  expect(problem(tool({ scopes: ['a'], title: '' }), tool({ name: 'other', access: 'x' })).split('\n')).toHaveLength(3);
});

test('the digest changes with everything that is declared, and with nothing else', () => {
  const digest = (changes: Record<string, unknown>) => createRegistry([tool(changes)], CATALOGUE).tools[0]?.digest;
  const plain = digest({});
  expect(plain).toMatch(/^[0-9a-f]{64}$/);
  expect(digest({ run: async () => ({ count: 2 }) })).toBe(plain);
  const changed = [
    { description: 'Counts all things.' },
    { title: 'Count' },
    { scopes: ['orders:read', 'tickets:read'] },
    { access: 'write' },
    { access: 'write', approval: 'required' },
    { input: z.strictObject({}) },
    { output: z.object({ count: z.string() }) },
    { examples: [{ kind: 'a' }] },
  ].map(digest);
  expect(new Set([plain, ...changed]).size).toBe(changed.length + 1);
});

test('the type checker sees the same mistakes first', () => {
  const { access: _access, ...withoutAccess } = good;
  // @ts-expect-error no access
  defineTool(withoutAccess);
  // @ts-expect-error an unknown field
  defineTool({ ...good, acess: 'read' });
  // @ts-expect-error a read tool asks nobody
  defineTool({ ...good, approval: 'required' });
  // @ts-expect-error the output names a field that run does not return
  defineTool({ ...good, run: async () => ({ number: 1 }) });
  // @ts-expect-error an example that is no input
  defineTool({ ...good, examples: [{ kind: 1 }] });
  defineTool({
    ...good,
    run: async (_input, { sql }) => {
      // @ts-expect-error a read tool has no way to ask for a statement that writes
      const writes: true = sql.writes;
      return { count: writes ? 1 : 0 };
    },
  });
  expect(defineTool({ ...good }).name).toBe('count_things');
});
