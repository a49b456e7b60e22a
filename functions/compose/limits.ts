/** No call of a request path may outlast the request: connect in 1 s, answer in 3 s, at most three times. */
export const BOUNDED = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;

/** A write may take 20 s, and is not repeated by the SDK: a call whose answer got lost may have had its effect. */
export const ONCE = {
  maxAttempts: 1,
  requestHandler: { ...BOUNDED.requestHandler, requestTimeout: 26_000 },
} as const;
