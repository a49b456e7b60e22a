import { badRequest } from './failures.ts';
import { replaceNames } from './named-parameters.ts';
import type { Parameter } from './request.ts';

/** A statement for PostgreSQL's extended protocol: values travel beside the text and are never part of it. */
export type BoundStatement = { readonly text: string; readonly values: readonly (string | Buffer | null)[] };

/** The formats of the user guide ("typeHint"); PostgreSQL itself would take many more. */
const HINTS = {
  DATE: { type: 'date', format: /^\d{4}-\d{2}-\d{2}$/ },
  TIME: { type: 'time', format: /^\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?$/ },
  TIMESTAMP: { type: 'timestamp', format: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?$/ },
  DECIMAL: { type: 'numeric', format: /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/ },
  JSON: { type: 'jsonb', format: /^[\s\S]*$/ },
  UUID: { type: 'uuid', format: /^[0-9a-fA-F-]{32,36}$/ },
} as const;

/**
 * Binds `:name` parameters. Each carries the PostgreSQL type that the service gives its member (a string is a
 * `varchar`), so `uuid_column = :id` fails here as it does there until the caller casts or hints. An unknown name is an
 * error, an unused parameter is not.
 *
 * @throws AwsError BadRequestException
 */
export function bindParameters(sql: string, parameters: readonly Parameter[]): BoundStatement {
  const byName = new Map<string, Parameter>();
  for (const parameter of parameters) {
    if (byName.has(parameter.name)) throw badRequest(`Parameter ${parameter.name} is given twice`);
    byName.set(parameter.name, parameter);
  }
  const places = new Map<string, string>();
  const values: (string | Buffer | null)[] = [];
  const text = replaceNames(sql, (name) => {
    const known = places.get(name);
    if (known !== undefined) return known;
    const parameter = byName.get(name);
    if (parameter === undefined) throw badRequest(`Cannot find parameter: ${name}`);
    const { value, type } = encode(parameter);
    values.push(value);
    const place = type === undefined ? `$${values.length}` : `($${values.length}::${type})`;
    places.set(name, place);
    return place;
  });
  return { text, values };
}

function encode({ name, value, typeHint }: Parameter): { value: string | Buffer | null; type: string | undefined } {
  if (typeHint !== undefined) {
    const { type, format } = HINTS[typeHint];
    if (value.isNull) return { value: null, type };
    if (value.stringValue === undefined)
      throw badRequest(`Parameter ${name}: typeHint ${typeHint} needs a stringValue`);
    if (!format.test(value.stringValue)) throw badRequest(`Parameter ${name} is no ${typeHint}`);
    return { value: value.stringValue, type };
  }
  if (value.booleanValue !== undefined) return { value: String(value.booleanValue), type: 'bool' };
  if (value.longValue !== undefined) return { value: String(value.longValue), type: 'int8' };
  if (value.doubleValue !== undefined) return { value: String(value.doubleValue), type: 'float8' };
  if (value.blobValue !== undefined) return { value: Buffer.from(value.blobValue, 'base64'), type: 'bytea' };
  if (value.stringValue !== undefined) return { value: value.stringValue, type: 'varchar' };
  return { value: null, type: undefined };
}
