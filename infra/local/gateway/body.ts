import type { IncomingMessage } from 'node:http';

/**
 * The whole body of a request.
 *
 * @returns undefined when it is more than `limit` bytes; the rest is still taken off the connection and thrown away, so
 * that the client gets to read the answer
 * @throws when the client goes away halfway
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    request.resume();
    return undefined;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size <= limit ? Buffer.concat(chunks, size) : undefined;
}
