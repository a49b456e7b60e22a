/**
 * Of tools, resources or prompts, those that reach no rows, for a stack without a database: those that name no scope, since
 * rows are never for everybody, and those tools that say so. A write is a transaction, so no write tool is among them.
 */
export function withoutDatabase<T extends { readonly scopes: readonly string[]; readonly database?: 'none' }>(
  offered: readonly T[],
): readonly T[] {
  return offered.filter(({ scopes, database }) => scopes.length === 0 || database === 'none');
}
