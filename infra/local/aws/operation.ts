import type { Json, JsonObject } from '../template/json.ts';
import type { Need } from './authorization.ts';
import { AwsError } from './aws-error.ts';
import type { Principal } from './credentials.ts';
import type { AwsRequest } from './request.ts';

/** One call of one operation, by somebody whose signature was verified. */
export type Call = {
  readonly operation: string;
  readonly input: JsonObject;
  readonly request: AwsRequest;
  readonly caller: Principal;
  /** Aborts when the caller has gone away: nobody will read the answer. */
  readonly signal: AbortSignal;
};

export type Answer = {
  /** 200 unless said otherwise. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
};

/**
 * An operation says what it needs before it runs, and has no way to run without: the endpoint asks IAM for every need
 * in between.
 */
export type Operation = {
  /** Never an empty list: that is denied. `none` is for what AWS itself gives to every caller. */
  readonly needs: 'none' | ((call: Call) => readonly Need[]);
  readonly run: (call: Call) => Answer | Promise<Answer>;
};

/** How a service writes requests, answers and errors (the Smithy protocols of its SDK client). */
export type Protocol = 'json-1.0' | 'json-1.1' | 'rest-json' | 'query' | 'rest-xml';

/** One AWS service: which operation a request asks for, and the operations that are served. All else is denied. */
export type Service = {
  readonly protocol: Protocol;
  /** @throws AwsError when the request is none of this service's */
  readonly read: (request: AwsRequest) => { readonly operation: string; readonly input: JsonObject };
  readonly operations: ReadonlyMap<string, Operation>;
  readonly close?: () => Promise<void>;
};

/** An answer of the JSON protocols. */
export function json(output: JsonObject): Answer {
  return { body: JSON.stringify(output) };
}

/** Reads the body of the JSON protocols. @throws AwsError SerializationException when it is no JSON object */
export function readJsonBody(request: AwsRequest): JsonObject {
  if (request.body.length === 0) return {};
  try {
    const value = JSON.parse(request.body.toString('utf8')) as Json;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // Said below, together with every other thing that is no object.
  }
  throw new AwsError('SerializationException', 'The body is no JSON object.');
}

/** Reads a request of the two awsJson protocols: `X-Amz-Target: <prefix>.<operation>`. */
export function readTarget(prefix: string): Service['read'] {
  return (request) => {
    const target = request.headers.get('x-amz-target') ?? '';
    const [before, operation] = target.split('.');
    if (before !== prefix || !operation) {
      throw new AwsError('UnknownOperationException', `"${target}" is no operation of the service it is signed for.`);
    }
    return { operation, input: readJsonBody(request) };
  };
}

/** A member that must be text. @throws AwsError ValidationException */
export function requiredText(input: JsonObject, name: string): string {
  const value = Object.hasOwn(input, name) ? input[name] : undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw new AwsError('ValidationException', `1 validation error detected: Value at '${name}' must be a string.`);
}
