import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import type { RdsData } from '../../infra/local/rds-data/rds-data.ts';

/** restJson1's paths for the operations of the Data API. */
const OPERATIONS: Readonly<Record<string, string>> = {
  '/Execute': 'ExecuteStatement',
  '/BeginTransaction': 'BeginTransaction',
  '/CommitTransaction': 'CommitTransaction',
  '/RollbackTransaction': 'RollbackTransaction',
};

/** One call as it arrived: what a test asserts on, and what a fault decides by. */
export type Call = { readonly operation: string; readonly input: Readonly<Record<string, unknown>> };

/** What happens to a call instead of, or around, the service. */
export type Fault = (call: Call, serve: () => Promise<unknown>) => Promise<unknown>;

/** Thrown by a fault: the connection ends without an answer. */
export const HANG_UP = new Error('hang up');

export type DataApiServer = {
  readonly url: string;
  /** Every call so far, oldest first. */
  readonly calls: Call[];
  /** Set to make the service misbehave; unset it afterwards. */
  fault: Fault | undefined;
  readonly close: () => Promise<void>;
};

/** The Data API on loopback for the real SDK client: the wire form only, no signatures and no IAM. */
export async function serveDataApi(rdsData: RdsData): Promise<DataApiServer> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const answer = async () => {
      const call: Call = { operation: OPERATIONS[request.url ?? ''] ?? 'unknown', input: await bodyOf(request) };
      calls.push(call);
      const serve = () => rdsData.handle(call.operation, call.input, gone.signal);
      return handle.fault ? handle.fault(call, serve) : serve();
    };
    answer().then(
      (output) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(output)),
      (error: unknown) => {
        if (error === HANG_UP) return void request.socket.destroy();
        const { code, status, message } =
          error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
        const headers = { 'content-type': 'application/json', 'x-amzn-errortype': code };
        response.writeHead(status, headers).end(JSON.stringify({ message }));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const handle: DataApiServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    fault: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return handle;
}

async function bodyOf(request: IncomingMessage): Promise<Call['input']> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Call['input'];
}
