import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.ts';

/** One HTTP request as it was signed: nothing decoded, nothing normalised. */
export type AwsRequest = {
  readonly method: string;
  /** The path as sent, percent-encoding in place. */
  readonly path: string;
  /** The query as sent, without the question mark. */
  readonly query: string;
  /** Lower-case name -> value; a repeated header is joined with a comma, as the signature wants it. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
};

/** DynamoDB's own limit for a request, the largest of the services here. */
const LARGEST_BODY = 16 * 1024 * 1024;

/** Reads a whole request. @throws AwsError RequestEntityTooLargeException beyond 16 MiB */
export async function readRequest(message: IncomingMessage): Promise<AwsRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new AwsError('RequestEntityTooLargeException', 'Request must be smaller.', 413);
    chunks.push(chunk);
  }
  const [path = '/', ...query] = (message.url ?? '/').split('?');
  return {
    method: message.method ?? '',
    path,
    query: query.join('?'),
    headers: headersOf(message.rawHeaders),
    body: Buffer.concat(chunks),
  };
}

function headersOf(raw: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}
