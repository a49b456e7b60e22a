import type { Caller, Row, SqlFailure, SqlValue, Statement } from '../ports.ts';
import type { SayProgress } from './progress.ts';

/**
 * What a tool's `run` is handed besides its input. Everything here is bound to one call of one person: a tool never
 * names the person it works for, and cannot ask for somebody else's rows.
 */

/** Who is calling, as the verified token says. */
export type User = {
  readonly subject: string;
  /** The customer or organisation the rows belong to, when the identity provider named one. */
  readonly tenant: string | undefined;
  readonly roles: readonly string[];
  readonly clientId: string;
};

/**
 * Writes onto the log line of this call. Operators read it, the model never does. Values of rows and arguments do not
 * belong here: the audit log keeps a keyed hash of the arguments instead.
 */
export type ToolLog = {
  readonly add: (fields: Readonly<Record<string, unknown>>) => void;
  readonly warn: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
};

/**
 * Runs one statement, as a tagged template: each `${value}` is bound as a parameter, never pasted into the text. A part of
 * a statement made with the `sql` of `core/sql/statement.ts` may stand in it.
 */
type Bound<T> = (text: TemplateStringsArray, ...values: readonly (SqlValue | Statement)[]) => Promise<T>;

/** The rows of a statement that may have had more. The model is told that there are more, whatever is done with these. */
export type FirstRows = { readonly rows: readonly Row[]; readonly more: boolean };

/** Gives all the rows of a statement, or throws when they are more than may be read at once (1,000 rows, 256 KiB). */
export type ReadSql = Bound<readonly Row[]> & {
  /** Gives at most so many rows, and fewer when they are large: the first ones, so the statement should have an ORDER BY. */
  readonly first: (rows: number) => Bound<FirstRows>;
};

/** Inside the one transaction of a write tool. All of it is committed when `run` returns, or none. */
export type WriteSql = Bound<readonly Row[]> & { readonly writes: true };

type Shared = {
  readonly user: User;
  readonly log: ToolLog;
  /** Aborts when the call's time is up. Hand it to whatever can wait for long. */
  readonly signal: AbortSignal;
};

export type ReadContext = Shared & {
  readonly sql: ReadSql;
  /** Tells a client that asked for it how far the call has come; without one it does nothing. */
  readonly progress: SayProgress;
};

export type WriteContext = Shared & {
  readonly sql: WriteSql;
  /** The same for every delivery of one call: store it in a unique column and the call takes effect at most once. */
  readonly requestId: string;
};

/** A statement gave no rows. Thrown by `sql`, so that a tool reads straight down; a tool need not catch it. */
export class SqlRefusal extends Error {
  readonly failure: SqlFailure;

  constructor(failure: SqlFailure) {
    super(`the database gave no rows: ${failure.reason}`);
    this.failure = failure;
  }
}

/** A tool will not do what its arguments ask for. `why` may quote anybody, and reaches the model only inside a fence. */
export class ToolRefusal extends Error {
  readonly why: string;

  constructor(why: string) {
    super('the tool refused its arguments');
    this.why = why;
  }
}

/** The part of a caller that tools may see. */
export function userOf(caller: Caller): User {
  return { subject: caller.subject, tenant: caller.tenant, roles: caller.roles, clientId: caller.clientId };
}
