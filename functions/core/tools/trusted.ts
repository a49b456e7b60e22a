import * as z from 'zod';
import type { OutputSchema } from './define.ts';
import { resultSchemaOf } from './schema.ts';

/**
 * A sentence of the author's own that may stand outside the fence. Whatever a tool returns is data, also what it wrote
 * itself, because nobody can tell the two apart at run time. So the way out takes nothing from run time: a sentence is
 * declared in `output`, where `tools.lock` and the digest hold it, and a result can only say that it applies.
 */
type Trusted = { readonly sentence: string; readonly reason: string };

/** What `trusted` made, and nothing else: a look-alike of its schema is data. */
const declared = new WeakMap<z.ZodType, Trusted>();

/** `T` where it is one text or several, `never` where it is `string` or a pattern such as `a${string}`. */
type Constant<T extends string> = T extends unknown ? (Record<never, never> extends Record<T, 1> ? never : T) : never;

/**
 * A field of `output` whose only value is this sentence. A tool that returns the field says the sentence: it then stands
 * before the fence, and under `trusted` in structuredContent. Returned with any other value it fails the call.
 *
 * @param sentence printable ASCII without angle brackets, on one line. A literal: a `string` is a type error
 * @param reason why it need not be fenced; `gatehouse tools list` and `tools.lock` show it
 * @example
 * output: z.object({ order: anOrder.nullable(), advice: trusted('Ask for the number.', 'constant, says nothing of a row') })
 */
export function trusted<const V extends string, const R extends string>(
  sentence: V & Constant<V>,
  reason: R & Constant<R>,
): z.ZodOptional<z.ZodLiteral<V>> {
  const schema = z
    .literal<V>(sentence)
    .meta({ [KEYWORD]: reason })
    .optional();
  declared.set(schema, { sentence, reason });
  return schema;
}

/** The keyword that carries the reason into the JSON Schema of a definition, and so into `tools.lock`. */
const KEYWORD = 'x-trusted';

/** The trusted fields of an output: fields of the object itself, in their order. */
export function trustedFields(output: OutputSchema): readonly (Trusted & { readonly field: string })[] {
  if (!(output instanceof z.ZodObject)) return [];
  return Object.entries(output.shape).flatMap(([field, schema]) => {
    const found = declared.get(schema as z.ZodType);
    return found ? [{ field, ...found }] : [];
  });
}

/**
 * Takes a result apart: the sentences it says, and the data. A field that does not hold its very sentence stays data,
 * also when the result came from another function and nobody looked at it since.
 */
export function apart(
  output: OutputSchema,
  value: object,
): { readonly said: readonly string[]; readonly data: object } {
  const said = trustedFields(output).filter(
    ({ field, sentence }) => Object.hasOwn(value, field) && Reflect.get(value, field) === sentence,
  );
  if (said.length === 0) return { said: [], data: value };
  const left = Object.entries(value).filter(([field]) => !said.some((one) => one.field === field));
  return { said: said.map(({ sentence }) => sentence), data: Object.fromEntries(left) };
}

/** What is wrong with the trusted fields of an output, each with its fix. */
export function trustedProblems(output: OutputSchema): readonly string[] {
  const fields = trustedFields(output);
  const problems: string[] = [];
  for (const { field, sentence, reason } of fields) {
    if (!/^[\x20-\x3b\x3d\x3f-\x7e]{1,500}$/.test(sentence)) {
      problems.push(
        `trusted field "${field}" must be one line of printable ASCII without < and >, at most 500 characters.`,
      );
    }
    if (!/^[\x20-\x7e]{1,200}$/.test(reason) || reason.trim() === '') {
      problems.push(`trusted field "${field}" needs a reason: one line of printable ASCII, at most 200 characters.`);
    }
  }
  if (mentions(output) > fields.length) {
    problems.push(
      'trusted(...) must be a field of the output object itself, as it was made. Anywhere else it is data.',
    );
  }
  return problems;
}

/** How often a schema speaks of trust, wherever in it: a resource or a prompt may not at all. */
export function mentions(output: z.ZodType): number {
  return JSON.stringify(resultSchemaOf(output)).split(`"${KEYWORD}":`).length - 1;
}
