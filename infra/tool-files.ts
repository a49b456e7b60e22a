import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Prompt } from '../functions/core/prompts/define.ts';
import type { Resource } from '../functions/core/resources/define.ts';
import type { ParseSql } from '../functions/core/sql/grammar.ts';
import type { Tool } from '../functions/core/tools/define.ts';
import { Problem } from './problem.ts';

/** What `functions/tools/index.ts` lists. */
export type Listed = {
  readonly tools: readonly Tool[];
  readonly resources: readonly Resource[];
  readonly prompts: readonly Prompt[];
};

/** The tools that `tools` of cdk.json turns on. */
export type SwitchedOn = { readonly query: boolean };

/** The lists of this checkout, with the files that their members are written in. */
export type ToolFiles = Listed & {
  /** The file of something listed, relative to the checkout. */
  readonly placeOf: (definition: object) => string | undefined;
  /** What is wrong with the lists and the names of the files, a sentence each. */
  readonly untidy: readonly string[];
};

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ROOM = 'functions/tools';

/**
 * Loads `functions/tools`: the lists, what is switched on, and every file beside them, for a tool that nobody listed.
 *
 * @throws Problem `functions/tools/x.ts:3: …` for a file that cannot be loaded
 */
export async function loadToolFiles(on: SwitchedOn): Promise<ToolFiles> {
  const { tools: always, resources, prompts, switchedTools } = await load<Lists>(`${ROOM}/index.ts`);
  const tools = on.query ? [...always, switchedTools.query(NO_STATEMENT)] : always;
  const listed = new Set<object>([...tools, ...resources, ...prompts]);
  const names = readdirSync(join(ROOT, ROOM)).filter((name) => name.endsWith('.ts') && name !== 'index.ts');
  const places = new Map<object, string>();
  const untidy: string[] = [];
  for (const name of names.sort()) {
    const place = `${ROOM}/${name}`;
    const { default: definition } = await load<{ readonly default?: unknown }>(place);
    if (!isDefinition(definition)) continue;
    places.set(definition, place);
    const expected = `${String(definition.name).replaceAll('_', '-')}.ts`;
    if (name !== expected) {
      untidy.push(`${place}: what it defines is called "${definition.name}". Call the file ${expected}.`);
    }
    if (!listed.has(definition)) {
      untidy.push(
        `${place}: "${definition.name}" is not listed in ${ROOM}/index.ts. List it there, or delete the file.`,
      );
    }
  }
  return { tools, resources, prompts, placeOf: (definition) => places.get(definition), untidy };
}

type Lists = Listed & { readonly switchedTools: { readonly query: (parse: ParseSql) => Tool } };

/** Here definitions are read and nothing is run. */
const NO_STATEMENT: ParseSql = () => Promise.reject(new Error('no statement is parsed here'));

function isDefinition(value: unknown): value is { readonly name: unknown } {
  return typeof value === 'object' && value !== null && 'name' in value && 'scopes' in value;
}

async function load<T>(place: string): Promise<T> {
  try {
    return (await import(pathToFileURL(join(ROOT, place)).href)) as T;
  } catch (error) {
    throw new Problem(
      `${whereOf(error) ?? place}: ${error instanceof Error ? firstLine(error.message) : String(error)}`,
    );
  }
}

/** The innermost line of ours that the error's stack names; where a parser gave up stands before the stack. */
function whereOf(error: unknown): string | undefined {
  const root = pathToFileURL(ROOT).href;
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const found = stack.split('\n').find((line) => line.includes(`${root}functions/`));
  return /(functions\/[^\s:()]+:\d+)/.exec(found ?? '')?.[1];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replaceAll(ROOT, '') ?? text;
}
