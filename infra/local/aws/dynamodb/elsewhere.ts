import { Problem } from '../../../problem.ts';
import type { JsonObject } from '../../template/json.ts';
import { AwsError } from '../aws-error.ts';
import { asError, type Database, headersOf } from './database.ts';

const HERE = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * A DynamoDB on this machine that somebody else runs, such as Amazon's DynamoDB Local. It asks nobody who calls, and its
 * tables are thrown away, so it has to be on loopback.
 *
 * @throws Problem when it is not
 */
export function openElsewhere(address: string): Database {
  const url = URL.parse(address);
  if (url?.protocol !== 'http:' || !HERE.includes(url.hostname)) {
    throw new Problem(
      `GATEHOUSE_DYNAMODB_URL is "${address}". It must be http:// with 127.0.0.1 or localhost: the tables of the stack are deleted there and made anew.`,
    );
  }
  return { call: (operation, input) => exchange(url, operation, input), close: async () => undefined };
}

async function exchange(url: URL, operation: string, input: JsonObject): Promise<JsonObject> {
  const response = await fetch(url, {
    method: 'POST',
    headers: headersOf(operation),
    body: JSON.stringify(input),
  });
  const body = (await response.json()) as JsonObject;
  if (!response.ok) throw asAws(asError(body, response.status));
  return body;
}

/** DynamoDB Local 3.1 calls by the code of a batch what ExecuteStatement on AWS, and AWS's documentation, call otherwise. */
function asAws({ code, message, status, members }: AwsError): AwsError {
  return new AwsError(code === 'DuplicateItem' ? 'DuplicateItemException' : code, message, status, members);
}
