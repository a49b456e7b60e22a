import { Problem } from '../../problem.ts';
import type { Assembly, Resource } from './assembly.ts';
import type { Json } from './json.ts';

/** Refuses something in a template that the local cloud would have to guess: it never does. */
export function notModelled(where: string, what: string): Problem {
  return new Problem(
    `${where}: ${what}. The local cloud does not model it and never guesses. Leave it out of the local run, or add it to infra/local/template.`,
  );
}

/** How a resource is named in every refusal: the words a person can search the template for. */
export function placeOf(resource: Resource): string {
  return `${resource.stack}/${resource.id} (${resource.type})`;
}

/**
 * The resource whose properties hold exactly this value, found by identity, so that a refusal deep inside a template
 * can name the logical id. Searched only when something is already wrong.
 */
export function ownerOf(assembly: Assembly, stack: string, value: Json): string {
  const owner = assembly.resources.find((resource) => resource.stack === stack && holds(resource.properties, value));
  return owner ? placeOf(owner) : stack;
}

function holds(container: Json, value: Json): boolean {
  if (container === value) return true;
  if (typeof container !== 'object' || container === null) return false;
  return Object.values(container).some((inner) => holds(inner, value));
}
