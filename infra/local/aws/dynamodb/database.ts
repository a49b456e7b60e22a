import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import type { JsonObject } from '../../template/json.ts';
import { AwsError } from '../aws-error.ts';

/** DynamoDB's semantics, without anybody asking who calls. */
export type Database = {
  /** @throws AwsError as DynamoDB answers it */
  readonly call: (operation: string, input: JsonObject) => Promise<JsonObject>;
  readonly close: () => Promise<void>;
};

/**
 * dynalite over a directory. Its HTTP server has to listen, or it would not close its files again; but it answers 403
 * to everybody, and is called as a function instead. A port that served without asking IAM would be a way around it.
 */
export async function openDatabase(directory: string): Promise<Database> {
  const server = dynalite({ path: directory, createTableMs: 0 });
  const [handler] = server.listeners('request') as RequestListener[];
  if (!handler) throw new Error('dynalite has no request handler');
  server.removeAllListeners('request');
  server.on('request', (_request: IncomingMessage, response: ServerResponse) => response.writeHead(403).end());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    call: (operation, input) => exchange(handler, operation, input),
    close: () => new Promise((resolve, reject) => server.close((error?: Error) => (error ? reject(error) : resolve()))),
  };
}

/** Of a request to an emulator. It wants the form of a signature and checks none; the real one was checked at the endpoint. */
export function headersOf(operation: string) {
  return {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    'x-amz-date': '20000101T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20000101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  };
}

/** One request and its response, as the parts of node:http that dynalite touches. */
function exchange(handler: RequestListener, operation: string, input: JsonObject): Promise<JsonObject> {
  const request = Object.assign(Readable.from([Buffer.from(JSON.stringify(input))]), {
    method: 'POST',
    url: '/',
    headers: headersOf(operation),
  });
  return new Promise((resolve, reject) => {
    const response = {
      statusCode: 200,
      setHeader: () => undefined,
      end: (text: string) => {
        const body = text.startsWith('{') ? (JSON.parse(text) as JsonObject) : {};
        if (response.statusCode === 200) resolve(body);
        else reject(asError(body, response.statusCode));
      },
    };
    handler(request as unknown as IncomingMessage, response as unknown as ServerResponse & { req: IncomingMessage });
  });
}

/** An error as DynamoDB writes it. */
export function asError(body: JsonObject, status: number): AwsError {
  const { __type: type, message, Message, ...members } = body;
  const code =
    String(type ?? 'InternalServerError')
      .split('#')
      .at(-1) ?? '';
  return new AwsError(code, String(message ?? Message ?? ''), status, members);
}
