import type { Result } from './result.ts';

/**
 * The seams: everything the core needs from outside, as types. An adapter implements one; `compose/` wires them.
 * The stores of the authorization server have their own file, `oauth/store.ts`.
 */

/** Seconds since 1970-01-01T00:00:00Z, the unit of every OAuth timestamp (RFC 7519 NumericDate). */
export type Seconds = number;

export type Clock = {
  /** Whole seconds since the epoch. */
  readonly seconds: () => Seconds;
  /** Milliseconds since the epoch, for audit timestamps and durations. */
  readonly millis: () => number;
};

/** A cryptographically secure source of bytes. The core never draws its own, so tests can replay a run. */
export type Random = (bytes: number) => Buffer;

/** Signs with ES256. Returns the 64-byte P1363 signature that JWS wants (RFC 7518 section 3.4), not KMS's DER. */
export type Signer = {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  readonly sign: (input: Uint8Array) => Promise<Uint8Array>;
};

/** Somebody whose access token was verified. Everything here comes from the token, never from a request's text. */
export type Caller = {
  readonly subject: string;
  readonly clientId: string;
  readonly scopes: ReadonlySet<string>;
  readonly roles: readonly string[];
  readonly tenant: string | undefined;
  readonly tokenId: string;
};

/** One value of a row, as the tool sees it. `bigint` only where a 64-bit integer does not fit a number. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array | readonly SqlValue[];

/** A parameterised statement: text that holds only `:p1`, `:p2` … where a value belongs. Built by the `sql` tag only. */
export type Statement = { readonly text: string; readonly values: readonly SqlValue[] };

export type Row = Readonly<Record<string, SqlValue>>;

/** Why a statement gave no rows. `retry` says whether the same call may succeed in a moment. */
export type SqlFailure = {
  readonly reason: 'resuming' | 'timeout' | 'denied' | 'unavailable' | 'too-large' | 'invalid';
  readonly retry: boolean;
  /** For the log, and for the model only through the fence. */
  readonly detail: string;
  readonly sqlState: string | undefined;
  /** Of a result that is `too-large`: its first rows, when they were asked for. Never the whole result. */
  readonly part?: readonly Row[];
};

/**
 * Reads as `mcp_reader`, inside READ ONLY, with the caller's signed row context, always rolled back. Rows are a whole
 * result. With `first`, a result of more rows than that, or of more than may be read at once, is refused as `too-large`
 * with its first rows as `part`.
 */
export type SqlReader = (
  caller: Caller,
  statement: Statement,
  signal?: AbortSignal,
  first?: number,
) => Promise<Result<Row[], SqlFailure>>;
