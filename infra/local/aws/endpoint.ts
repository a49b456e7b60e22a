import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { State } from '../state.ts';
import type { Assembly } from '../template/assembly.ts';
import type { Resolver } from '../template/resolver.ts';
import { createAuthorizer, unmapped } from './authorization.ts';
import { AwsError } from './aws-error.ts';
import { createCounts } from './counts.ts';
import type { Credentials } from './credentials.ts';
import type { Faults } from './faults.ts';
import type { Answer, Call, Protocol, Service } from './operation.ts';
import { type AwsRequest, readRequest } from './request.ts';
import { createServices, type InvokeFunction, type RdsData } from './services.ts';
import { claimedService, verifySignature } from './signature.ts';
import { contentType, errorAnswer, internalFailure } from './wire.ts';

/** One call, as the endpoint's owner may want to show or assert it. Never holds an argument or a result. */
export type CallRecord = {
  /** The signing name, such as `dynamodb`; what the request claims when its signature is bad. */
  readonly service: string;
  readonly operation: string | undefined;
  /** The ARN of the first resource it needs. */
  readonly resource: string | undefined;
  /** The ARN of who called, once the signature was verified. */
  readonly caller: string | undefined;
  readonly status: number;
  /** The error's code and message, when there was one. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** A bug of the local cloud, which the caller only sees as InternalFailure. */
  readonly bug: unknown;
  readonly milliseconds: number;
};

export type AwsEndpointOptions = {
  /** 0 takes any free port. */
  readonly port: number;
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly state: State;
  readonly credentials: Credentials;
  readonly rdsData: RdsData;
  readonly invoke: InvokeFunction;
  /** Gets every call when it has ended. Without it, bugs of the local cloud become warnings of the process. */
  readonly onCall?: (record: CallRecord) => void;
  readonly faults?: Faults;
  /** Milliseconds since the epoch, for signatures and sessions. The system's clock unless a test sets it. */
  readonly now?: () => number;
};

export type AwsEndpoint = {
  /** What AWS_ENDPOINT_URL must be. An address, not a name: S3 clients put the bucket before a name. */
  readonly url: string;
  /**
   * How often each operation was called on each resource since the last reset, allowed or not, as
   * `dynamodb:GetItem table/<name>` -> 3.
   */
  readonly counts: () => Record<string, number>;
  readonly resetCounts: () => void;
  readonly close: () => Promise<void>;
};

type Progress = { -readonly [Member in keyof CallRecord]: CallRecord[Member] };

/**
 * The AWS of the local stack, on loopback: verifies every call's signature, asks the template's IAM policies, and serves
 * what they allow.
 *
 * @throws Problem when a policy, table, key, secret or bucket of the template is not one it can stand for
 */
export async function startAwsEndpoint(options: AwsEndpointOptions): Promise<AwsEndpoint> {
  const { assembly, resolver, credentials, faults, onCall = warnOfBugs } = options;
  const now = options.now ?? Date.now;
  const authorizer = createAuthorizer(assembly, resolver, credentials);
  const services = await createServices({ ...options, authorizer, now });
  const counts = createCounts();

  async function answer(request: AwsRequest, progress: Progress, signal: AbortSignal): Promise<Answer | 'lost'> {
    const { pair, service: name } = verifySignature(request, credentials.find, now());
    const caller = pair.principal;
    progress.service = name;
    progress.caller = caller.arn;
    const service = services.get(name);
    if (!service) throw unmapped(caller, name, 'anything');
    const { operation, input } = service.read(request);
    progress.operation = operation;
    const served = service.operations.get(operation);
    if (!served) throw unmapped(caller, name, operation);
    const call: Call = { operation, input, request, caller, signal };
    const needs = served.needs === 'none' ? [] : served.needs(call);
    if (needs.length === 0 && served.needs !== 'none') throw unmapped(caller, name, operation);
    progress.resource = needs[0]?.resource;
    counts.add(name, operation, progress.resource);
    for (const need of needs) authorizer.require(caller, need);
    const fault = faults?.take(`${name}:${operation}`);
    if (fault?.kind === 'fail') throw fault.error;
    const result = await served.run(call);
    return fault?.kind === 'lose-answer' ? 'lost' : result;
  }

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const requestId = randomUUID();
    const progress: Progress = { ...NOTHING_YET };
    let protocol: Protocol = 'rest-json';
    let result: Answer | 'lost';
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const request = await readRequest(message);
      progress.service = claimedService(request) ?? 'unknown';
      protocol =
        services.get(progress.service)?.protocol ?? (request.headers.has('x-amz-target') ? 'json-1.1' : 'rest-json');
      result = await answer(request, progress, gone.signal);
    } catch (thrown) {
      const error = thrown instanceof AwsError ? thrown : internalFailure();
      if (error !== thrown) progress.bug = thrown;
      progress.error = { code: error.code, message: error.message };
      result = errorAnswer(error, protocol, requestId);
    }
    if (result === 'lost') response.destroy();
    else write(response, result, protocol, requestId, now());
    progress.status = result === 'lost' ? 0 : (result.status ?? 200);
    progress.milliseconds = performance.now() - started;
    onCall(progress);
  }

  const server = createServer((message, response) => void handle(message, response));
  const closeServices = () => Promise.all([...services.values()].map((service: Service) => service.close?.()));
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, '127.0.0.1', resolve);
    });
  } catch (error) {
    await closeServices();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: counts.read,
    resetCounts: counts.reset,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      // SDK clients keep their connections open; nothing is served on them any more.
      server.closeAllConnections();
      await closed;
      await closeServices();
    },
  };
}

function warnOfBugs({ bug, service, operation }: CallRecord): void {
  if (bug === undefined) return;
  const detail = bug instanceof Error ? (bug.stack ?? bug.message) : String(bug);
  process.emitWarning(`${service}:${operation} failed in the local cloud`, { type: 'LocalCloud', detail });
}

const NOTHING_YET: CallRecord = {
  service: 'unknown',
  operation: undefined,
  resource: undefined,
  caller: undefined,
  status: 0,
  error: undefined,
  bug: undefined,
  milliseconds: 0,
};

function write(response: ServerResponse, answer: Answer, protocol: Protocol, requestId: string, now: number): void {
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(answer.body);
  // 204 and 304 have no body, and a Content-Type would announce one.
  const type = body.length > 0 ? { 'content-type': contentType(protocol) } : {};
  response.writeHead(answer.status ?? 200, {
    ...type,
    'content-length': body.length,
    'x-amzn-requestid': requestId,
    // SDK clients set their clock by it.
    date: new Date(now).toUTCString(),
    ...answer.headers,
  });
  response.end(body);
}
