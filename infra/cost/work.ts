/**
 * What a unit of work makes AWS do. `test/infra/cost-counts.test.ts` does each of them on the running stack, warm, and
 * compares: a call that is added or saved changes this file, and with it COST.md.
 */
export type Work = {
  /** Requests at the front door. */
  readonly requests: number;
  readonly invocations: number;
  /** DynamoDB operations that write one item of up to 1 KB, besides audit rows. */
  readonly writes: number;
  /** Items of up to 4 KB that are read, consistently. */
  readonly reads: number;
  /** Rows of the audit log: one unit for the row and one for its place in the index by subject. */
  readonly auditRows: number;
  readonly signatures: number;
  readonly dataApiCalls: number;
};

/** A read tool that runs one statement (`search_orders`), by somebody whose token and environment were used before. */
export const CALL: Work = {
  requests: 1,
  invocations: 1,
  writes: 0,
  reads: 0,
  auditRows: 1,
  signatures: 0,
  dataApiCalls: 4,
};

/** A refresh, which every client does when its token has run out. */
export const REFRESH: Work = {
  requests: 1,
  invocations: 1,
  writes: 1,
  // Client and grant, in one operation.
  reads: 2,
  auditRows: 1,
  signatures: 1,
  dataApiCalls: 0,
};

/**
 * From a client that registers to its first tokens: registration, consent page, decision, return from the identity
 * provider, code. Discovery before it is counted by hand, two documents.
 */
export const SIGN_IN: Work = {
  requests: 7,
  invocations: 7,
  writes: 7,
  reads: 4,
  auditRows: 4,
  signatures: 1,
  dataApiCalls: 0,
};

/** One run of the seal over a log that nobody added to. */
export const SEAL = { invocations: 1, reads: 10, auditRows: 1, signatures: 1, puts: 1 } as const;

/** What no test here can measure; each is said in COST.md. */
export const ASSUMED = {
  /** Milliseconds that Lambda bills, warm: waiting for AWS is most of it. */
  billedMs: { call: 60, token: 40, page: 40, seal: 300 },
  /** GB of memory of each function, as the template has it; a test compares. */
  memoryGb: 0.5,
  /** Bytes of log a request: our lines as measured, Lambda's own two, and the line of the API. */
  logBytes: 3_000,
  /** Bytes of a result and its headers. */
  answerBytes: 6_000,
  /** Calls that one token serves: ten minutes of somebody at work. */
  callsPerToken: 50,
} as const;
