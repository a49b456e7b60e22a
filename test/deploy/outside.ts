import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { generate } from 'selfsigned';

/** What the deployed functions, and the person who signs in, take for the internet. */

/** Names that the emulator answers to. Only these, so that nothing of a run ever reaches AWS or anybody else. */
function isEmulated(host: string): boolean {
  return /(?:^|\.)localhost$|\.amazonaws\.com$|\.amazoncognito\.com$/.test(host);
}

/**
 * A forward proxy (RFC 9110 section 9.3.6, CONNECT) that leads every name of AWS to the emulator, as an emulator with a
 * DNS server of its own would. Programs are pointed at it by HTTPS_PROXY; TLS goes through it untouched.
 *
 * @param port the emulator's
 */
export async function startOutside(port: number) {
  const refused = new Set<string>();
  const visited = new Set<string>();
  const server = createServer((_request, response) => response.writeHead(502).end());
  server.on('connect', ({ url = '' }, client) => {
    const { hostname } = new URL(`https://${url}`);
    if (!isEmulated(hostname)) {
      refused.add(hostname);
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    visited.add(hostname);
    const emulator = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      emulator.pipe(client).pipe(emulator);
    });
    emulator.once('error', () => client.destroy());
    client.once('error', () => emulator.destroy());
  });
  server.unref();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port: own } = server.address() as AddressInfo;
  return {
    /** Environment of a program that is to see the emulator behind these names; Node 24 reads all three. */
    variables: { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: `http://127.0.0.1:${own}`, NO_PROXY: '127.0.0.1' },
    /** Hosts that somebody wanted and did not get. */
    refused,
    /** Hosts that somebody got. */
    visited,
  };
}

/** A certificate for a day, and its key: for the emulator's own name, its APIs and Cognito's issuer, as AWS has them. */
export async function certificateFor(region: string): Promise<{ readonly certificate: string; readonly key: string }> {
  const names = ['localhost', '*.execute-api.localhost', `cognito-idp.${region}.amazonaws.com`];
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [...names.map((value) => ({ type: 2, value }) as const), IP] },
    ],
  });
  return { certificate: cert, key };
}

const IP = { type: 7, ip: '127.0.0.1' } as const;
