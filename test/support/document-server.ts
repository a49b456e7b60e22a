import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import type { SafeFetchOptions } from '../../functions/adapters/fetch-safely.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export type DocumentServer = {
  /** What serves each path; anything else is 404. */
  readonly answers: Map<string, Answer>;
  /** Every request that arrived, as host and path. */
  readonly requests: string[];
  /** How many connections were opened, whatever came of them. */
  readonly connections: () => number;
  /** A fetch that believes every name is on the public internet, and whose connections end here. */
  readonly options: SafeFetchOptions & { readonly resolved: string[] };
  readonly close: () => Promise<void>;
};

/** A public address that nobody answers at; what is dialled is this computer. */
const SOMEWHERE = '93.184.215.14';

/** An https server on this computer for the hosts of `example`, with a certificate made for this run. */
export async function startDocumentServer(): Promise<DocumentServer> {
  const { key, certificate } = await selfSigned('client.example', ['*.example', 'client.example', 'keys.example']);
  const answers = new Map<string, Answer>();
  const requests: string[] = [];
  const resolved: string[] = [];
  let connections = 0;
  const server = createServer({ key, cert: certificate }, (request, response) => {
    requests.push(`${request.headers.host}${request.url}`);
    const answer = answers.get(request.url ?? '');
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  server.on('connection', () => connections++);
  server.on('tlsClientError', () => {});
  const port = await listen(server);
  const resolve = async (host: string) => {
    resolved.push(host);
    return [{ address: SOMEWHERE, family: 4 }];
  };
  return {
    answers,
    requests,
    connections: () => connections,
    options: { resolve, dial: { address: '127.0.0.1', port }, ca: certificate, resolved },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Serves a value as JSON. */
export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  };
}

/** A key and a certificate that vouches for itself. Node can read certificates and make none. */
export async function selfSigned(
  name: string,
  names: readonly string[],
): Promise<{ readonly key: string; readonly certificate: string }> {
  const altNames = names.map((value) => ({ type: 2, value }) as const);
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { key: made.private, certificate: made.cert };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}
