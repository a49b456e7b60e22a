import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** Milliseconds for one request, from the first packet to the last byte of its answer. */
export const PATIENCE = 5_000;
/** Bytes of an answer that are read. Every document of an authorization server is a few kilobytes. */
const MOST = 256 * 1024;

/** What to send. `method` is GET where it is not said. */
export type Question = {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** What came back. Header names are in lower case; of a header that came more than once all values are kept. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
};

/** There was no answer, or none that could be read: a sentence that says where and why. */
export class NoAnswer extends Error {
  /** The code of Node.js where there is one: ECONNREFUSED, ENOTFOUND, a code of OpenSSL. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }

  /** Whether this machine has no way out: nothing about the other side follows from it. */
  get offline(): boolean {
    return this.code !== undefined && OFFLINE.has(this.code);
  }
}

const OFFLINE = new Set(['EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN']);

/**
 * One HTTP request: bounded in time and size, never redirected, with the headers exactly as they are given. TLS is verified
 * as Node.js does it, 1.2 or newer.
 *
 * @throws NoAnswer
 */
export function ask(url: URL, { method = 'GET', headers = {}, body }: Question = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const late = AbortSignal.timeout(PATIENCE);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  // Node's own agent, so that NODE_USE_ENV_PROXY holds; and a connection for each request, so that none is reset by the last.
  const request = send(url, { method, headers: { ...headers, ...length, connection: 'close' }, signal: late });
  const lost = (error: NodeJS.ErrnoException) => {
    const why = late.aborted ? `no answer within ${PATIENCE / 1000} seconds` : (error.code ?? error.message);
    reject(error instanceof NoAnswer ? error : new NoAnswer(`${url.href}: ${why}`, error.code));
  };
  request.once('error', lost);
  request.once('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST) request.destroy(new NoAnswer(`${url.href}: an answer of more than ${MOST} bytes`));
      else chunks.push(chunk);
    });
    response.once('error', lost);
    response.once('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: Object.fromEntries(
          Object.entries(response.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
        ),
        text: Buffer.concat(chunks).toString('utf8'),
      }),
    );
  });
  request.end(body);
  return promise;
}

/** A JSON object and nothing else. @throws NoAnswer when it is not one, or did not come with status 200 */
export async function askDocument(url: URL): Promise<Readonly<Record<string, unknown>>> {
  const { status, text } = await ask(url, { headers: { accept: 'application/json' } });
  if (status !== 200) throw new NoAnswer(`${url.href}: status ${status} instead of 200`);
  const value = jsonOf(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new NoAnswer(`${url.href}: no JSON object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The texts of a member that is a list of them; undefined where the member is missing or no list. */
export function textsIn(document: Readonly<Record<string, unknown>>, name: string): readonly string[] | undefined {
  const value = document[name];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined;
}
