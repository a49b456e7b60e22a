import { isObject, type Json, type JsonObject, listOf, member } from '../../template/json.ts';
import { AwsError } from '../aws-error.ts';
import type { KeyNames } from './tables.ts';

/**
 * The value of a partition key as `dynamodb:LeadingKeys` has it: the bare string, number or base64. Undefined when there
 * is none, and then DynamoDB refuses the request itself.
 */
export function keyText(attributes: Json | undefined, name: string): string | undefined {
  const value = member(attributes, name);
  const text = isObject(value) ? (value.S ?? value.N ?? value.B) : undefined;
  return typeof text === 'string' ? text : undefined;
}

/** The partition keys that a permission on a table is judged by. */
export type JudgedKeys = { readonly table: string; readonly keys: readonly (string | undefined)[] };

/**
 * What a BatchGetItem is judged by, table by table. Over several tables, AWS does not say whether that is the keys it has
 * of the table or all of its keys. So both are asked for: no policy can come to rest on either answer.
 */
export function batchedKeys(input: JsonObject, hashOf: (table: string) => string): readonly JudgedKeys[] {
  const requests = Object.entries(isObject(input.RequestItems) ? input.RequestItems : {});
  const own = requests.map(([table, request]) => {
    const keys = listOf(isObject(request) ? request.Keys : undefined);
    return { table, keys: keys.map((key) => keyText(key, hashOf(table))) };
  });
  if (own.length === 1) return own;
  const all = own.flatMap(({ keys }) => keys);
  return own.flatMap(({ table, keys }) => [
    { table, keys },
    { table, keys: all },
  ]);
}

/**
 * The partition key value of a Query, read from its key condition. An expression it cannot read is refused rather than
 * passed on without a value: `ForAllValues` holds for no values, so the condition on the key would not be one.
 *
 * @throws AwsError ValidationException
 */
export function queriedKey(input: JsonObject, keys: KeyNames): string {
  const expression = input.KeyConditionExpression;
  if (typeof expression !== 'string' || input.KeyConditions !== undefined) {
    throw invalid('The local cloud reads KeyConditionExpression, and that is not here.');
  }
  const equalities = [...expression.matchAll(/(?<![\w.#:\]])(#?\w+)\s*=\s*(:\w+)/g)];
  const values = equalities
    .filter(([, name = '']) => attributeName(input, name) === keys.hash)
    .map(([, , placeholder = '']) => keyText(input.ExpressionAttributeValues, placeholder));
  const [value] = values;
  if (values.length !== 1 || value === undefined || /\bOR\b|\bNOT\b/i.test(expression)) {
    throw invalid(`Query condition missed key schema element: ${keys.hash}`);
  }
  return value;
}

function attributeName(input: JsonObject, name: string): Json | undefined {
  return name.startsWith('#') ? member(input.ExpressionAttributeNames, name) : name;
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
