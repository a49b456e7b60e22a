import { type Json, type JsonObject, listOf } from '../../template/json.ts';
import { AwsError } from '../aws-error.ts';
import { type PartiQl, parsePartiQl } from './partiql.ts';

/** An ExecuteStatement, read: the statement, and for an INSERT the item it writes. */
export type Execution = { readonly statement: PartiQl; readonly item: JsonObject };

/**
 * Reads the input of ExecuteStatement and puts the parameters in their places.
 *
 * @throws AwsError ValidationException when the statement is not read, or has not as many values as parameters
 */
export function readExecution(input: JsonObject): Execution {
  const statement = parsePartiQl(String(input.Statement ?? ''));
  if (statement.kind !== 'insert') return { statement, item: {} };
  const values: readonly Json[] = listOf(input.Parameters);
  if (values.length !== statement.attributes.length) {
    throw new AwsError('ValidationException', "Number of parameters in request and statement don't match.");
  }
  return {
    statement,
    item: Object.fromEntries(statement.attributes.map((name, index) => [name, values[index] as Json])),
  };
}

/** What INSERT answers where an item already is: unlike PutItem it never overwrites. */
export function duplicateItem(): AwsError {
  return new AwsError('DuplicateItemException', 'Duplicate primary key exists in table');
}
