import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Prompt } from '../../../functions/core/prompts/define.ts';
import { createPrompts } from '../../../functions/core/prompts/registry.ts';
import type { Resource } from '../../../functions/core/resources/define.ts';
import { createResources } from '../../../functions/core/resources/registry.ts';
import { prompts, resources } from '../../../functions/tools/index.ts';
import { CATALOGUE } from '../tools/fixture/stack.ts';

const shared = {
  name: 'some_thing',
  title: 'Some thing',
  description: 'Some thing.',
  scopes: ['orders:read'],
  output: z.object({ count: z.number() }),
};

/** As somebody might write them past the type checker. */
function resource(changes: Record<string, unknown> = {}): Resource {
  const parameters = z.strictObject({ id: z.string() });
  return { ...shared, uri: 'thing://{id}', parameters, read: async () => null, ...changes } as unknown as Resource;
}

function prompt(changes: Record<string, unknown> = {}): Prompt {
  const input = z.strictObject({ id: z.string() });
  return { ...shared, input, text: 'Look.', run: async () => ({ count: 1 }), ...changes } as unknown as Prompt;
}

function said(create: () => unknown): string {
  try {
    create();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
}

test('those of this repository are in order', () => {
  expect(createResources(resources, CATALOGUE).resources.map(({ name }) => name)).toEqual(['support_ticket']);
  expect(createPrompts(prompts, CATALOGUE).prompts.map(({ name }) => name)).toEqual(['summarize_ticket']);
  expect(createPrompts(prompts, CATALOGUE).find('constructor')).toBeUndefined();
});

describe('a mistake in either has a file, a reason and a fix', () => {
  test.each([
    [{ scops: [] }, '"scops" is not a field of a'],
    [{ name: 'Some-Thing' }, 'must be snake_case'],
    [{ name: 'x'.repeat(49) }, 'at most 48 characters'],
    [{ title: '' }, 'title is missing. Write what the user sees.'],
    [{ description: undefined }, 'description is missing. Write what the model needs to know.'],
    [{ description: 'Some th\u0456ng.' }, 'must be printable ASCII'],
    [{ scopes: undefined }, 'scopes is missing.'],
    [{ scopes: ['orders:delete'] }, 'scope "orders:delete" is not in the catalogue'],
    [{ output: undefined }, 'output must be'],
    [{ output: z.string() }, 'output must be z.object({ ... }) or z.array(z.object({ ... })).'],
    [{ output: z.object({ at: z.date() }) }, 'output must be JSON'],
  ])('%o', (changes, message) => {
    expect(said(() => createResources([resource(changes)], CATALOGUE))).toContain(message);
    expect(said(() => createPrompts([prompt(changes)], CATALOGUE))).toContain(message);
  });

  test.each([
    [{ uri: undefined }, 'uri is missing.'],
    [{ uri: 'thing://{+id}' }, 'uri {+id} is no variable of level 1'],
    [{ uri: 'thing://all' }, 'parameters must be the variables of the uri, each once: none.'],
    [{ uri: 'thing://{other}' }, 'parameters must be the variables of the uri, each once: other.'],
    [{ parameters: z.object({ id: z.string() }) }, 'parameters must be z.strictObject'],
    [{ parameters: undefined }, 'parameters must be z.strictObject'],
    [{ read: undefined }, 'read is missing.'],
  ])('of a resource: %o', (changes, message) => {
    expect(said(() => createResources([resource(changes)], CATALOGUE))).toContain(
      `functions/tools/some-thing.ts: ${message}`,
    );
  });

  test.each([
    [{ text: ' ' }, 'text is missing. Write what the model is asked.'],
    [{ text: 'Look\u200b.' }, 'texts and schemas must be printable ASCII'],
    [{ input: z.strictObject({ id: z.number() }) }, 'argument "id" must be a string: MCP sends nothing else.'],
    [{ input: z.object({}) }, 'input must be z.strictObject'],
    [{ input: undefined }, 'input must be z.strictObject'],
    [{ run: undefined }, 'run is missing.'],
  ])('of a prompt: %o', (changes, message) => {
    expect(said(() => createPrompts([prompt(changes)], CATALOGUE))).toContain(
      `functions/tools/some-thing.ts: ${message}`,
    );
  });

  test('two of one name, and two of one URI', () => {
    const other = { name: 'other_thing' };
    expect(said(() => createResources([resource(), resource({ uri: 'other://{id}' })], CATALOGUE))).toBe(
      'functions/tools/some-thing.ts: another resource is called "some_thing" too. Give each its own name.',
    );
    expect(said(() => createResources([resource(), resource(other)], CATALOGUE))).toContain(
      'functions/tools/other-thing.ts: uri thing://{id} is that of "some_thing" too. Give each its own.',
    );
    expect(said(() => createPrompts([prompt(), prompt()], CATALOGUE))).toContain(
      'another prompt is called "some_thing"',
    );
  });
});

test('a URI that stands alone comes before a template that would match it too', () => {
  const alone = resource({ name: 'z_alone', uri: 'thing://all', parameters: z.strictObject({}) });
  const { find } = createResources([resource(), alone], CATALOGUE);
  expect(find('thing://all')?.resource.name).toBe('z_alone');
  expect(find('thing://7')).toMatchObject({ resource: { name: 'some_thing' }, values: { id: '7' } });
  expect(find('thing://7/8')).toBeUndefined();
});

test('a prompt tells which arguments it needs', () => {
  const input = z.strictObject({ id: z.string().describe('Which.'), tone: z.enum(['dry', 'warm']).optional() });
  expect(createPrompts([prompt({ input })], CATALOGUE).prompts[0]?.arguments).toEqual([
    { name: 'id', description: 'Which.', required: true },
    { name: 'tone', required: false },
  ]);
});

test('the digest changes with everything that is declared', () => {
  const resourceDigest = (changes = {}) => createResources([resource(changes)], CATALOGUE).resources[0]?.digest;
  const promptDigest = (changes = {}) => createPrompts([prompt(changes)], CATALOGUE).prompts[0]?.digest;
  const common = [{}, { title: 'T' }, { description: 'D' }, { scopes: [] }, { output: z.object({}) }];
  const ofResources = [...common, { uri: 'other://{id}' }, { parameters: z.strictObject({ id: z.uuid() }) }];
  const ofPrompts = [...common, { text: 'Look again.' }, { input: z.strictObject({ id: z.uuid() }) }];
  expect(new Set(ofResources.map(resourceDigest)).size).toBe(ofResources.length);
  expect(new Set(ofPrompts.map(promptDigest)).size).toBe(ofPrompts.length);
  expect(resourceDigest({ read: async () => ({ count: 2 }) })).toBe(resourceDigest());
});
