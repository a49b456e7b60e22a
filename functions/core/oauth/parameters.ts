import { ok, type Result, refuse } from '../result.ts';

/**
 * Request parameters as they were sent: name and value pairs in order, so that a repeated parameter stays visible.
 * RFC 6749 section 3.1: "Request and response parameters MUST NOT be included more than once."
 */
export type Parameters = ReadonlyArray<readonly [name: string, value: string]>;

export type RepeatedParameter = { readonly reason: 'repeated-parameter'; readonly parameter: string };

/** Every value of a parameter that may be repeated (only `resource`, RFC 8707 section 2). Empty values count as absent. */
export function allOf(parameters: Parameters, name: string): readonly string[] {
  return parameters.filter(([key, value]) => key === name && value !== '').map(([, value]) => value);
}

/**
 * The one value of a parameter, `undefined` when it is absent or empty (RFC 6749 section 3.1: "Parameters sent without
 * a value MUST be treated as if they were omitted"), refused when it is repeated.
 */
export function single(parameters: Parameters, name: string): Result<string | undefined, RepeatedParameter> {
  const values = parameters.filter(([key]) => key === name);
  if (values.length > 1) return refuse({ reason: 'repeated-parameter', parameter: name });
  const value = values[0]?.[1];
  return ok(value === '' ? undefined : value);
}

/** The one value of each of these parameters; refused when any of them is repeated. Names that are not asked for are ignored. */
export function onceEach<const Name extends string>(
  parameters: Parameters,
  names: readonly Name[],
): Result<Readonly<Record<Name, string | undefined>>, RepeatedParameter> {
  const values: Record<string, string | undefined> = Object.create(null);
  for (const name of names) {
    const value = single(parameters, name);
    if (!value.ok) return value;
    values[name] = value.value;
  }
  return ok(values as Record<Name, string | undefined>);
}
