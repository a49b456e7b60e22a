/**
 * URI templates of RFC 6570 level 1: literal text and `{name}`. Read backwards they must not guess, so a template is
 * taken only when each variable ends where its text says, and a URI only in the one spelling that expansion gives.
 */
export type UriTemplate = {
  /** In the order they stand. None for the URI of a single resource. */
  readonly variables: readonly string[];
  /** The variables' values, decoded; `undefined` for a URI that this template does not expand to. */
  readonly match: (uri: string) => Readonly<Record<string, string>> | undefined;
};

/** Longest URI that is looked at. */
export const URI_LIMIT = 2_048;

const SCHEME = /^[a-z][a-z0-9+.-]*:/;
/** RFC 3986 sections 2.2 and 2.3: what stands in a URI as itself. */
const LITERAL = /^[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]*$/;
/** RFC 6570 section 3.2.2: simple expansion leaves unreserved characters and percent-encodes the rest. */
const VALUE = '((?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+)';
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A template, or what is wrong with it: a sentence for its author. */
export function parseUriTemplate(text: string): UriTemplate | string {
  if (!SCHEME.test(text)) return 'must begin with a scheme in lower case, such as "ticket://"';
  const parts = text.split(/\{([^{}]*)\}/);
  const variables = parts.filter((_, index) => index % 2 === 1);
  const literals = parts.filter((_, index) => index % 2 === 0);
  const misnamed = variables.find((name) => !VARIABLE.test(name));
  if (misnamed !== undefined) return `{${misnamed}} is no variable of level 1 (RFC 6570): write {name}`;
  if (new Set(variables).size < variables.length) return 'names a variable twice';
  if (!literals.every((literal) => LITERAL.test(literal))) return 'holds a character that a URI cannot hold as itself';
  if (SCHEME.exec(literals[0] ?? '') === null) return 'must have its scheme before the first variable';
  const between = literals.slice(1, -1).concat(variables.length > 0 ? literals.slice(-1).filter(Boolean) : []);
  if (!between.every((literal) => /^[^A-Za-z0-9._~-]/.test(literal))) {
    return 'must go on with "/", "?" or another reserved character after a variable, which otherwise has no end';
  }
  const pattern = new RegExp(`^${parts.map((part, index) => (index % 2 === 1 ? VALUE : escaped(part))).join('')}$`);
  const match = (uri: string) => (uri.length > URI_LIMIT ? undefined : valuesOf(pattern.exec(uri), variables));
  return { variables, match };
}

function valuesOf(found: RegExpExecArray | null, variables: readonly string[]) {
  if (!found) return undefined;
  const values: Record<string, string> = Object.create(null);
  for (const [index, name] of variables.entries()) {
    const encoded = found[index + 1] ?? '';
    const value = decoded(encoded);
    // One resource has one URI: `%41` for "A" would be a second name that no audit row is found under.
    if (value === undefined || expand(value) !== encoded) return undefined;
    values[name] = value;
  }
  return values;
}

function decoded(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** RFC 6570 section 3.2.2; `encodeURIComponent` leaves five reserved characters as they are. */
function expand(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (character) =>
    `%${character.charCodeAt(0).toString(16)}`.toUpperCase(),
  );
}

function escaped(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
