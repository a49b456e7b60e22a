import type { SqlFailure } from '../core/ports.ts';

/** What is known of a call that failed, beside the failure itself. */
export type Failed = SqlFailure & {
  /** True when the service answered: then what it says about the transaction holds. False: nobody knows what it did. */
  readonly answered: boolean;
};

type Kind = Pick<SqlFailure, 'reason' | 'retry'>;

/**
 * By the name of the error: all that the service model of the Data API has (API Reference, ExecuteStatement, Errors), and
 * after them those of any service of AWS that come before it (Common Errors).
 *
 * `retry`: whether the same call may do better in a moment. A begin is tried again here, within the caller's patience; a
 * statement never is, since it may have had its effect, and the caller is told instead.
 */
export const BY_NAME: Readonly<Record<string, Kind>> = {
  BadRequestException: { reason: 'invalid', retry: false },
  DatabaseErrorException: { reason: 'invalid', retry: false },
  UnsupportedResultException: { reason: 'invalid', retry: false },
  DatabaseResumingException: { reason: 'resuming', retry: true },
  StatementTimeoutException: { reason: 'timeout', retry: false },
  AccessDeniedException: { reason: 'denied', retry: false },
  ForbiddenException: { reason: 'denied', retry: false },
  DatabaseUnavailableException: { reason: 'unavailable', retry: true },
  DatabaseNotFoundException: { reason: 'unavailable', retry: false },
  HttpEndpointNotEnabledException: { reason: 'unavailable', retry: false },
  InternalServerErrorException: { reason: 'unavailable', retry: true },
  InvalidResourceStateException: { reason: 'unavailable', retry: true },
  InvalidSecretException: { reason: 'unavailable', retry: false },
  NotFoundException: { reason: 'unavailable', retry: false },
  SecretsErrorException: { reason: 'unavailable', retry: false },
  ServiceUnavailableError: { reason: 'unavailable', retry: true },
  TransactionNotFoundException: { reason: 'unavailable', retry: true },
  ValidationException: { reason: 'invalid', retry: false },
  ThrottlingException: { reason: 'unavailable', retry: true },
  TooManyRequestsException: { reason: 'unavailable', retry: true },
  RequestTimeoutException: { reason: 'unavailable', retry: true },
  ExpiredTokenException: { reason: 'unavailable', retry: true },
};

/** By SQLSTATE, a whole one or its class (PostgreSQL manual, Appendix A). */
const BY_STATE: Readonly<Record<string, Kind>> = {
  '25006': { reason: 'denied', retry: false },
  '42501': { reason: 'denied', retry: false },
  '57014': { reason: 'timeout', retry: false },
  '55P03': { reason: 'timeout', retry: true },
  '25P03': { reason: 'timeout', retry: true },
  '08': { reason: 'unavailable', retry: true },
  '28': { reason: 'unavailable', retry: false },
  '3D': { reason: 'unavailable', retry: false },
  '40': { reason: 'unavailable', retry: true },
  '53': { reason: 'unavailable', retry: true },
  '57': { reason: 'unavailable', retry: true },
};

/** Errors of the service itself, after which it is not known whether the call had its effect. */
const UNSURE = ['InternalServerErrorException', 'ServiceUnavailableError', 'StatementTimeoutException'];

/** What an error of the SDK means. Every error means something: a network failure is `unavailable`. */
export function failureOf(error: unknown): Failed {
  const {
    name = '',
    message = String(error),
    $metadata,
  } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const sqlState = /SQLState: ([0-9A-Z]{5})\s*$/.exec(message)?.[1];
  const status = $metadata?.httpStatusCode;
  const known =
    byState(sqlState) ?? bySize(name, message) ?? (Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined);
  const refused = status !== undefined && status >= 400 && status < 500;
  const kind = known ?? byStatus(status);
  return { ...kind, detail: `${name}: ${message}`, sqlState, answered: refused && !UNSURE.includes(name) };
}

function byState(sqlState: string | undefined): Kind | undefined {
  return sqlState === undefined ? undefined : (BY_STATE[sqlState] ?? BY_STATE[sqlState.slice(0, 2)]);
}

/** An error that nobody has named yet. */
function byStatus(status: number | undefined): Kind {
  if (status === 401 || status === 403) return { reason: 'denied', retry: false };
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return { reason: 'invalid', retry: false };
  }
  return { reason: 'unavailable', retry: true };
}

/**
 * The older service says it with BadRequestException and "size limit", in more than one wording. The newer has
 * UnsupportedResultException for it ("The size was too large"; API Reference, ExecuteStatement), which also means a type.
 */
function bySize(name: string, message: string): Kind | undefined {
  const large =
    (/size limit/i.test(message) && /^(?:BadRequest|DatabaseError)Exception$/.test(name)) ||
    (/\bsize\b|too large/i.test(message) && name === 'UnsupportedResultException');
  return large ? { reason: 'too-large', retry: false } : undefined;
}
