import { isObject, type Json } from '../template/json.ts';
import type { MappingContext } from './mapping.ts';

/** Where a mapped value comes from. `header` is the header it is read from, when it is. */
export type Source = {
  readonly header?: string;
  readonly value: (headers: ReadonlyMap<string, string>, context: MappingContext) => string | undefined;
};

/** The `$context` variables of an HTTP API that the local gateway has. */
const CONTEXT_VARIABLES: readonly string[] = [
  'accountId',
  'apiId',
  'domainName',
  'httpMethod',
  'identity.sourceIp',
  'identity.userAgent',
  'path',
  'protocol',
  'requestId',
  'requestTimeEpoch',
  'routeKey',
  'stage',
];

/**
 * Reads a mapped value: `$response.header.<name>`, `$response.body.<path>`, `$context.<variable>` (each also as
 * `${…}`), or a static one, bare or in single quotes.
 *
 * @returns the source, or a sentence that says what is wrong with it
 */
export function parseSource(text: string): Source | string {
  const quoted = /^'(.*)'$/s.exec(text)?.[1];
  const literal = quoted ?? text;
  if (!literal.includes('$')) return { value: () => literal };
  const expression = /^\$\{([^{}]+)\}$/.exec(text)?.[1] ?? text.slice(1);
  const [, header] = /^response\.header\.([!#$%&'*+.^_`|~\w-]+)$/.exec(expression) ?? [];
  if (header !== undefined) {
    const name = header.toLowerCase();
    return { header: name, value: (headers) => headers.get(name) };
  }
  const [, path] = /^response\.body\.((?:[\w-]+|\[\d+\])(?:\.[\w-]+|\[\d+\])*)$/.exec(expression) ?? [];
  if (path !== undefined) {
    const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
    return { value: (_, { body }) => select(body, steps) };
  }
  const [, variable] = /^context\.([\w.]+)$/.exec(expression) ?? [];
  if (variable !== undefined && CONTEXT_VARIABLES.includes(variable)) {
    return { value: (_, { variables }) => variables[variable] };
  }
  return `"${text}" is no value the local gateway knows. Known: $response.header.<name>, $response.body.<path>, $context.<${CONTEXT_VARIABLES.join('|')}>, or static text.`;
}

function select(body: Buffer, steps: readonly string[]): string | undefined {
  let value: Json | undefined;
  try {
    value = JSON.parse(body.toString()) as Json;
  } catch {
    return undefined;
  }
  for (const step of steps) {
    if (Array.isArray(value)) value = (value as readonly Json[])[Number(step)];
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
