import type { SqlFailure } from '../ports.ts';
import type { Kind } from './audited.ts';

/**
 * Why a call gave no result. The model reads a fixed sentence per code, so nothing of an error, a row or a stack can
 * leave with it; the log has the rest under the request id. `retry` says whether the same call may do better in a moment.
 */
const FAILURES = {
  invalid_arguments: {
    retry: false,
    text: 'The arguments do not fit the input schema of this tool. Nothing was run. Correct them and call again.',
  },
  request_refused: {
    retry: false,
    text: 'This tool does not do what the arguments ask for, and nothing was changed. Why is said below: correct the arguments and call again.',
  },
  access_denied: {
    retry: false,
    text: 'This tool is beyond what the signed-in person may do. Signing in again or consenting to more would not help; an administrator would have to give the person another role.',
  },
  token_refused: {
    retry: true,
    text: 'The access token ended before the change could be made. Nothing was changed. Sign in again if the next call fails.',
  },
  approval_unavailable: {
    retry: false,
    text: 'This tool runs only after a person has approved the exact call, and this server cannot ask for approvals yet. Nothing was run.',
  },
  audit_unavailable: {
    retry: true,
    text: 'audit unavailable: the call could not be recorded, so its result is withheld. Nothing was changed. Call again in a moment.',
  },
  request_replayed: {
    retry: true,
    text: 'The id of this request was used for another call less than a day ago. Nothing was changed. Call again: the next call gets an id of its own.',
  },
  busy: { retry: true, text: 'The server has too much to do right now. Nothing was run. Call again in a moment.' },
  database_resuming: {
    retry: true,
    text: 'The database is waking up after a pause. Call again in about 15 seconds.',
  },
  database_timeout: {
    retry: true,
    text: 'The database took too long and the statement was stopped. Call again, or ask for less.',
  },
  database_denied: {
    retry: false,
    text: 'The database does not let this tool do that. This is a fault of the server, not of the arguments; calling again will not help.',
  },
  database_unavailable: { retry: true, text: 'The database cannot be reached right now. Call again in a minute.' },
  database_refused: {
    retry: false,
    text: 'The database could not run this with the arguments given. Check them against the input schema.',
  },
  result_too_large: { retry: false, text: 'The result is too large to return. Narrow the search or lower the limit.' },
  timeout: { retry: true, text: 'The call ran out of time and was stopped. Call again, or ask for less.' },
  tool_failed: {
    retry: false,
    text: 'The tool failed. This is a fault of the server, not of the arguments; calling again will not help.',
  },
  outcome_unknown: {
    retry: false,
    text: 'It is not known whether the change was made. Do not call again before you have looked whether it is there.',
  },
} as const satisfies Record<string, { readonly retry: boolean; readonly text: string }>;

export type FailureCode = keyof typeof FAILURES;

/** A refused or failed call as it may be told. `details` quotes what the caller sent and leaves only inside a fence. */
export type CallFailure = { readonly code: FailureCode; readonly details?: string };

export const FAILURE_CODES = Object.keys(FAILURES) as readonly FailureCode[];

/** What the model is told, about a tool unless the kind says otherwise. */
export function sentenceOf(code: FailureCode, kind: Kind = 'tool'): string {
  return FAILURES[code].text.replaceAll('tool', kind);
}

/** Whether the same call may succeed in a moment, unchanged. */
export function mayRetry(code: FailureCode): boolean {
  return FAILURES[code].retry;
}

const OF_DATABASE: Readonly<Record<SqlFailure['reason'], FailureCode>> = {
  resuming: 'database_resuming',
  timeout: 'database_timeout',
  denied: 'database_denied',
  unavailable: 'database_unavailable',
  'too-large': 'result_too_large',
  invalid: 'database_refused',
};

/** The code for a statement that gave no rows. Its own text stays in the log: it may quote a value out of a row. */
export function codeOfSql({ reason, retry }: SqlFailure): FailureCode {
  // A database that a moment will not bring back is set up wrongly: "call again in a minute" would be a lie.
  return reason === 'unavailable' && !retry ? 'tool_failed' : OF_DATABASE[reason];
}
