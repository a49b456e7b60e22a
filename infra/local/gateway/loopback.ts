import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Problem } from '../../problem.ts';

/** A port that another program holds. The message is the one sentence a person needs. */
export class PortTaken extends Problem {
  readonly port: number;

  constructor(port: number, cause: unknown) {
    super(`Port ${port} is taken. Stop what runs there, or choose another: PORT=3010 npm start.`, { cause });
    this.name = 'PortTaken';
    this.port = port;
  }
}

export type Loopback = { readonly port: number; readonly close: () => Promise<void> };

/** Milliseconds that requests in flight have to finish after a close. */
const GRACE = 1_000;

/**
 * Serves HTTP/1.1 on 127.0.0.1 and, where the machine has it, on ::1: a browser may take `localhost` for either. Nothing
 * else is ever bound.
 *
 * @param port 0 for any free one
 * @param onGarbage answers what is no HTTP; without it Node closes the connection
 * @throws PortTaken when another program has the port
 */
export async function listenOnLoopback(
  port: number,
  options: ServerOptions,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  onGarbage?: (error: NodeJS.ErrnoException, socket: Socket) => void,
): Promise<Loopback> {
  const create = () => {
    const server = createServer(options, listener);
    return onGarbage ? server.on('clientError', onGarbage) : server;
  };
  const ipv4 = create();
  await listen(ipv4, port, '127.0.0.1');
  const bound = (ipv4.address() as AddressInfo).port;
  const ipv6 = create();
  try {
    await listen(ipv6, bound, '::1');
    return { port: bound, close: () => closeAll([ipv4, ipv6]) };
  } catch (error) {
    if (!(error instanceof PortTaken) && HAS_NO_IPV6.has(codeOf(error))) {
      return { port: bound, close: () => closeAll([ipv4]) };
    }
    await closeAll([ipv4]);
    throw error;
  }
}

const HAS_NO_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'EPROTONOSUPPORT']);

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown) => reject(codeOf(error) === 'EADDRINUSE' ? new PortTaken(port, error) : error);
    server.once('error', refuse);
    server.listen({ port, host, ipv6Only: host === '::1' }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map(close));
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const impatient = setTimeout(() => server.closeAllConnections(), GRACE);
    server.close(() => {
      clearTimeout(impatient);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/**
 * True when the request names this server: exactly one Host, and a loopback one with the port it came in by. A page of another site
 * that points its own name at 127.0.0.1 (DNS rebinding) still sends that name.
 */
export function isAddressedToLoopback(request: IncomingMessage): boolean {
  const port = request.socket.localPort;
  const hosts = request.rawHeaders.filter(
    (_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === 'host',
  );
  const [host, ...others] = hosts;
  if (host === undefined || others.length > 0) return false;
  const suffixes = port === 80 ? ['', ':80'] : [`:${port}`];
  return ['localhost', '127.0.0.1', '[::1]'].some((name) =>
    suffixes.some((suffix) => host.toLowerCase() === name + suffix),
  );
}
