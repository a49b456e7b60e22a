import type create from 'libpg-query/wasm/libpg-query.js';
import { ok, type Result, refuse } from '../core/result.ts';
import type { ParseFault, ParseSql } from '../core/sql/grammar.ts';

type Module = Awaited<ReturnType<typeof create>>;

/**
 * PostgreSQL's own parser, of the version of the server, as WebAssembly (libpg_query 17). Nothing is loaded before the
 * first statement: it costs some 50 ms, and a function without free SQL never pays them.
 *
 * The module is used beneath the package's API, which keeps one instance for ever. A statement that exhausts the stack
 * leaves an instance in a state nobody knows; here the next statement gets a new one.
 */
export function createPostgresGrammar(): ParseSql {
  let loaded: Promise<Module> | undefined;
  return async (text) => {
    loaded ??= load();
    const module = await loaded;
    try {
      return parseWith(module, text);
    } catch (error) {
      loaded = undefined;
      // A full stack, or whatever else WebAssembly traps on.
      const trapped = error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError');
      if (trapped) return refuse({ reason: 'too-complex' });
      throw error;
    }
  };
}

async function load(): Promise<Module> {
  const { default: instantiate } = await import('libpg-query/wasm/libpg-query.js');
  return instantiate();
}

/** libpg_query's `PgQueryParseResult { char *tree; char *stderr; PgQueryError *error; }`, 4 bytes a member. */
function parseWith(module: Module, text: string): Result<unknown, ParseFault> {
  const bytes = module.lengthBytesUTF8(text) + 1;
  const input = module._malloc(bytes);
  module.stringToUTF8(text, input, bytes);
  const result = module._wasm_parse_query_raw(input);
  const [tree, error] = [module.getValue(result, 'i32'), module.getValue(result + 8, 'i32')];
  const answer: Result<unknown, ParseFault> =
    error === 0
      ? ok(JSON.parse(module.UTF8ToString(tree)))
      : refuse({ reason: 'syntax', message: module.UTF8ToString(module.getValue(error, 'i32')) });
  module._free(input);
  module._wasm_free_parse_result(result);
  return answer;
}
