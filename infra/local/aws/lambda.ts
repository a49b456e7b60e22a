import type { Json } from '../template/json.ts';
import { regionalArn } from '../template/physical-id.ts';
import { AwsError } from './aws-error.ts';
import type { Call, Operation, Service } from './operation.ts';
import type { AwsRequest } from './request.ts';

/** Runs a function, by name or ARN. A function that failed has its error in both members. */
export type InvokeFunction = (
  functionArnOrName: string,
  event: unknown,
) => Promise<{
  readonly payload: unknown;
  readonly error?: { readonly errorType: string; readonly errorMessage: string };
}>;

/** Lambda: Invoke, and wait for the answer. */
export function createLambda({ invoke }: { readonly invoke: InvokeFunction }): Service {
  const invokeAndWait: Operation = {
    needs: ({ input }) => [{ action: 'lambda:InvokeFunction', resource: String(input.FunctionArn) }],
    run: async (call) => {
      requireSynchronous(call);
      const { payload, error } = await invoke(String(call.input.FunctionArn), eventOf(call.request));
      return {
        headers: {
          'x-amz-executed-version': '$LATEST',
          ...(error ? { 'x-amz-function-error': 'Unhandled' } : {}),
        },
        body: JSON.stringify(payload ?? null),
      };
    },
  };
  return { protocol: 'rest-json', read: readInvoke, operations: new Map([['Invoke', invokeAndWait]]) };
}

function readInvoke(request: AwsRequest): ReturnType<Service['read']> {
  const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.path)?.[1];
  if (request.method !== 'POST' || name === undefined) {
    return { operation: `${request.method} ${request.path}`, input: {} };
  }
  // Every version here is the newest one, so a qualifier would promise what is not there.
  if (request.query !== '') throw new AwsError('InvalidParameterValueException', 'The local cloud has no qualifiers.');
  return { operation: 'Invoke', input: { FunctionArn: functionArn(decodeURIComponent(name)) } };
}

function functionArn(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : regionalArn('lambda', `function:${nameOrArn}`);
}

function requireSynchronous({ request }: Call): void {
  const type = request.headers.get('x-amz-invocation-type') ?? 'RequestResponse';
  if (type === 'RequestResponse') return;
  throw new AwsError('InvalidParameterValueException', `The local cloud does not serve invocation type ${type}.`);
}

function eventOf(request: AwsRequest): Json {
  if (request.body.length === 0) return {};
  try {
    return JSON.parse(request.body.toString('utf8')) as Json;
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json.');
  }
}
