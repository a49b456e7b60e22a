import { createServer } from 'node:net';

/** Three neighbouring free ports, from a range that the system's own ephemeral ports leave alone. */
export async function freeTriple(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 20_000 + 3 * Math.floor(Math.random() * 3_000);
    const free = await Promise.all([port, port + 1, port + 2].map(isFree));
    if (free.every(Boolean)) return port;
  }
  throw new Error('no three neighbouring free ports between 20000 and 29000');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
