/**
 * Expected refusals are values. A function that may refuse returns a `Result` whose error is a tagged union carrying
 * the evidence ("expired", at 17, now 40); one exhaustive switch in `functions/http` decides what little of it the wire
 * learns, and the log gets all of it. Bugs throw.
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** The value, and nothing refused. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** The reason of a refusal. `E` is inferred as a literal so that tagged unions narrow. */
export function refuse<const E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** Ends an exhaustive switch: a forgotten case is a compile error here, and a loud failure if it is ever reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
