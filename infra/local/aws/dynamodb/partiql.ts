import { AwsError } from '../aws-error.ts';

/**
 * A PartiQL statement, as far as the local cloud reads the language: the one form of INSERT that appends, and of the
 * other three enough to know which action they need on which table.
 */
export type PartiQl =
  | { readonly kind: 'insert'; readonly table: string; readonly attributes: readonly string[] }
  | {
      readonly kind: 'other';
      readonly action: 'PartiQLSelect' | 'PartiQLUpdate' | 'PartiQLDelete';
      readonly table: string;
      readonly index: string | undefined;
    };

const NAME = `"?([A-Za-z0-9_.-]{3,255})"?`;
const INSERT = /^\s*INSERT\s+INTO\s+"([A-Za-z0-9_.-]{3,255})"\s+VALUE\s+\{(.*)\}\s*$/is;
/** `'name': ?`, where a quote inside the name is written twice. */
const ENTRY = /'((?:[^']|'')+)'\s*:\s*\?/gs;
const ENTRIES = /^\s*'(?:[^']|'')+'\s*:\s*\?\s*(?:,\s*'(?:[^']|'')+'\s*:\s*\?\s*)*$/s;
const SELECT = new RegExp(String.raw`^\s*SELECT\b.*?\bFROM\s+${NAME}(?:\."([A-Za-z0-9_.-]+)")?(?=\s|$)`, 'is');
const UPDATE = new RegExp(String.raw`^\s*UPDATE\s+${NAME}(?=\s)`, 'is');
const DELETE = new RegExp(String.raw`^\s*DELETE\s+FROM\s+${NAME}(?=\s)`, 'is');

/**
 * Reads `INSERT INTO "<table>" VALUE {'pk': ?, 'sk': ?, …}`, where every value is a parameter.
 *
 * @throws AwsError ValidationException for any other text
 */
export function parsePartiQl(statement: string): PartiQl {
  const [, table, body] = INSERT.exec(statement) ?? [];
  if (table !== undefined && body !== undefined) return { kind: 'insert', table, attributes: attributeNames(body) };
  const [, selected, index] = SELECT.exec(statement) ?? [];
  if (selected !== undefined) return { kind: 'other', action: 'PartiQLSelect', table: selected, index };
  const updated = UPDATE.exec(statement)?.[1];
  if (updated !== undefined) return { kind: 'other', action: 'PartiQLUpdate', table: updated, index: undefined };
  const deleted = DELETE.exec(statement)?.[1];
  if (deleted !== undefined) return { kind: 'other', action: 'PartiQLDelete', table: deleted, index: undefined };
  throw notServed();
}

/** What the local cloud says to a statement it does not serve. */
export function notServed(): AwsError {
  return new AwsError(
    'ValidationException',
    `Statement wasn't well formed, can't be processed: the local cloud serves INSERT INTO "<table>" VALUE {'<name>': ?, …} only`,
  );
}

function attributeNames(body: string): readonly string[] {
  if (!ENTRIES.test(body)) throw notServed();
  const names = [...body.matchAll(ENTRY)].map(([, name = '']) => name.replaceAll("''", "'"));
  if (new Set(names).size !== names.length) throw notServed();
  return names;
}
