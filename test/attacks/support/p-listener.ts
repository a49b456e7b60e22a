import { type AddressInfo, createServer } from 'node:net';

/** An address on this computer that counts who connects, for rows that say: 0 outbound requests. */
export type Listener = {
  readonly port: number;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
};

export async function startListener(): Promise<Listener> {
  let count = 0;
  const server = createServer((socket) => {
    count++;
    socket.on('error', () => {});
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
