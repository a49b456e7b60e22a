import { AwsError } from '../aws/aws-error.ts';

/**
 * The errors of the Data API, named as its service model names them (API Reference, ExecuteStatement, Errors). What
 * callers act on is the name; texts are kept where SDK users are known to match on them.
 */

export const badRequest = (message: string) => new AwsError('BadRequestException', message);

/** v2 clusters answer this before PostgreSQL sees the text (Aurora User Guide, "Multistatement support"). */
const severalStatements = () => new AwsError('ValidationException', "Multistatements aren't supported.");

export const clusterNotFound = (arn: string) =>
  new AwsError('HttpEndpointNotEnabledException', `HttpEndpoint is not enabled for resource ${arn}.`);

export const secretNotFound = () => new AwsError('SecretsErrorException', 'The secret provided was not found.');

export const invalidSecret = () =>
  new AwsError('InvalidSecretException', 'The secret has no username and password members.');

/** Aurora at 0 ACU: the first call wakes it and is cancelled. */
export const resuming = () =>
  new AwsError(
    'DatabaseResumingException',
    'The Aurora DB instance is resuming after being auto-paused. Please wait a few seconds and try again.',
  );

export const transactionNotFound = (id: string) =>
  new AwsError('TransactionNotFoundException', `Transaction ${id} is not found`, 404);

export const transactionBusy = () => new AwsError('DatabaseErrorException', 'Transaction is still running a query');

export const timedOut = () => new AwsError('StatementTimeoutException', 'Request timed out');

/** ExecuteStatement: "The size was too large". */
export const resultTooLarge = (what: string) =>
  new AwsError('UnsupportedResultException', `The result exceeds the size limit ${what}.`);

/** The service then answers the transaction's next call that it is not found (cloud-utils/sqlalchemy-aurora-data-api#38). */
export const isTooLarge = (error: unknown) => error instanceof AwsError && error.message.includes('size limit');

export const unsupportedType = (name: string) =>
  new AwsError('UnsupportedResultException', `The result contains the unsupported data type ${name.toUpperCase()}.`);

export const multidimensional = () =>
  new AwsError('UnsupportedResultException', 'The result contains a multidimensional array.');

type DatabaseError = Error & { readonly code?: string; readonly position?: string; readonly severity?: string };

/**
 * What PostgreSQL, or the way to it, answered, in the form in which the Data API quotes it:
 * `ERROR: …\n  Position: n; SQLState: 42601`.
 */
export function databaseFailure(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  const { code = '', message, position, severity = 'ERROR' } = error as DatabaseError;
  if (!/^[0-9A-Z]{5}$/.test(code)) return unreachable(message);
  if (code === '42601' && message.includes('multiple commands')) return severalStatements();
  const where = position === undefined ? '' : `\n  Position: ${position}`;
  const text = `${severity}: ${message}${where}; SQLState: ${code}`;
  // Class 28: the login of the secret is refused, which is a fault of the request and not of the statement.
  return new AwsError(code.startsWith('28') ? 'BadRequestException' : 'DatabaseErrorException', text);
}

const unreachable = (detail: string) =>
  new AwsError('DatabaseUnavailableException', `The database is not reachable: ${detail}`, 504);
