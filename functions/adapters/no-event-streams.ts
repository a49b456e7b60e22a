/**
 * What stands in the place of `@smithy/core/event-streams` in every bundle (`infra/bundle.ts`). Every AWS client names it,
 * for the few operations that answer with a stream of events (`SelectObjectContent` of S3,
 * `InvokeWithResponseStream` of Lambda): 16 KB that each bundle would carry and none would run, since no function of ours
 * calls one of these. One that did gets this error at its first call instead of an answer.
 */

/** @throws Error always: it is asked only by an operation with an event stream */
export function eventStreamSerdeProvider(): never {
  throw new Error(
    'this operation of AWS has an event stream, and event streams are left out of the bundles: see infra/bundle.ts',
  );
}

/** The configuration of a client as it was. The SDK's own would ask for a marshaller here, before any call. */
export function resolveEventStreamSerdeConfig<T>(config: T): T {
  return config;
}
