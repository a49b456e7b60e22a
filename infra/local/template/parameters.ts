import { Problem } from '../../problem.ts';
import type { Stack } from './assembly.ts';
import { isObject, type JsonObject, listOf, member } from './json.ts';

/** Values for parameters of the stacks by name, as who updates a stack gives them. The others have their defaults. */
export type GivenParameters = Readonly<Record<string, string>>;

/**
 * The stack's parameters with these values: each stands where the default was.
 *
 * @throws Problem when the value is none that the parameter allows, as CloudFormation would refuse it
 */
export function withGiven(stack: string, parameters: JsonObject, given: GivenParameters): JsonObject {
  const chosen = Object.entries(parameters).map(([name, parameter]) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || !isObject(parameter)) return [name, parameter] as const;
    const allowed = member(parameter, 'AllowedValues');
    if (allowed !== undefined && !listOf(allowed).includes(value)) {
      throw new Problem(
        `${stack}: the parameter ${name} cannot be "${value}". It is one of: ${listOf(allowed).join(', ')}.`,
      );
    }
    return [name, { ...parameter, Default: value }] as const;
  });
  return Object.fromEntries(chosen);
}

/** @throws Problem when a value is given for a parameter that no stack has: it would do nothing, and nobody would notice. */
export function refuseUnknown(stacks: readonly Stack[], given: GivenParameters): void {
  const known = new Set(stacks.flatMap(({ parameters }) => Object.keys(parameters)));
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined) throw new Problem(`No stack has a parameter "${unknown}".`);
}
