import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request on its way to AWS: who it calls, its headers and its body as text. */
export type Recorded = {
  readonly operation: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
};

/**
 * Stands between functions and the AWS endpoint, passes everything on as it is and keeps a copy: what leaves a function
 * can be read here, whoever sends it.
 */
export async function startRecordingProxy(target: string) {
  const recorded: Recorded[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method, url = '/', headers } = incoming;
    const operation = String(headers['x-amz-target'] ?? url);
    recorded.push({ operation, headers, body: body.toString('utf8') });
    const passed = request({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once('error', () => outgoing.destroy());
    passed.end(body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    recorded,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
