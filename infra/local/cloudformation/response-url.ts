import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import type { Json } from '../template/json.ts';

/** What a custom resource answers ("Custom resource response objects"). */
export type CustomResourceResponse = z.output<typeof Response>;

const Response = z.object({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().optional(),
  PhysicalResourceId: z.string().min(1).optional(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  NoEcho: z.boolean().optional(),
  Data: z.record(z.string(), z.json()).default({}),
});

/** Bytes that CloudFormation reads of an answer. */
const LARGEST = 4096;

/** Stands for the presigned S3 URL that CloudFormation hands out: it takes one PUT. */
export type ResponseUrl = {
  readonly url: string;
  /** The answer. Rejects with an Error that says what is wrong when it is none. */
  readonly answer: Promise<CustomResourceResponse>;
  readonly close: () => void;
};

/** Opens a URL on 127.0.0.1 that nobody can guess, for one answer. */
export async function openResponseUrl(): Promise<ResponseUrl> {
  const path = `/${randomBytes(24).toString('base64url')}`;
  const { promise, resolve, reject } = Promise.withResolvers<CustomResourceResponse>();
  // Looked at only after the invocation: a rejection before that is no bug.
  promise.catch(() => undefined);
  const server = createServer(async (request, response) => {
    if (request.method !== 'PUT' || request.url !== path) return void response.writeHead(403).end();
    try {
      resolve(parse(await readText(request)));
    } catch (error) {
      reject(error);
    }
    response.writeHead(200).end();
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    answer: promise,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function parse(text: string): CustomResourceResponse {
  const size = Buffer.byteLength(text);
  if (size > LARGEST) throw new Error(`its answer is ${size} bytes; CloudFormation reads ${LARGEST} at most`);
  const parsed = Response.safeParse(readJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(`its answer is none: ${z.prettifyError(parsed.error)}`);
}

function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
