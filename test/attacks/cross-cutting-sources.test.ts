import { globSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, inject, test } from 'vitest';
import { systemRandom } from '../../functions/adapters/system.ts';
import { drawSecret } from '../../functions/core/oauth/identifiers.ts';

/** What can be read off the sources themselves, and off the sockets of the running stack. */
const sources = globSync('functions/**/*.ts').map((path) => ({ path, text: readFileSync(path, 'utf8') }));

describe('chance', () => {
  test('X10 comes from the operating system and from one file', () => {
    expect(sources.length).toBeGreaterThan(100);
    const drawing = sources.filter(({ text }) => /\brandom(?:Bytes|Int|UUID|FillSync)\b|getRandomValues/.test(text));
    expect(drawing.map(({ path }) => path).filter((path) => !path.startsWith('functions/adapters/'))).toEqual([]);
    expect(sources.filter(({ text }) => text.includes('Math.random'))).toEqual([]);
  });

  test('X10 a secret is 256 bits, and no character of it is likelier than another', () => {
    const seen = new Map<string, number>();
    const DRAWN = 4_000;
    for (let each = 0; each < DRAWN; each++) {
      const secret = drawSecret(systemRandom);
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
      // The last character has four bits of its own; the others have six.
      for (const character of secret.slice(0, 42)) seen.set(character, (seen.get(character) ?? 0) + 1);
    }
    const expected = (DRAWN * 42) / 64;
    const chi2 = [...seen.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(seen.size).toBe(64);
    // 63 degrees of freedom: beyond 150 once in a hundred million runs.
    expect(chi2).toBeLessThan(150);
  });
});

test('X12 every read that decides something is strongly consistent', () => {
  const reads = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/new (?:BatchGetItem|GetItem|Query|Scan)Command\([\s\S]*?\n? *\}\)/g)].map(([call]) => ({
      path,
      call,
    })),
  );
  expect(reads.length).toBeGreaterThan(0);
  const weak = reads.filter(({ call }) => !/ConsistentRead: true/.test(call)).map(({ path }) => path);
  expect(weak).toEqual([]);
});

describe('X15 what is installed', () => {
  type Lock = {
    readonly lockfileVersion: number;
    readonly packages: Readonly<
      Record<string, { resolved?: string; integrity?: string; link?: boolean; inBundle?: boolean }>
    >;
  };
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;

  test('X15 is named exactly', () => {
    const ranges = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.entries(ranges).filter(([, range]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(range))).toEqual([]);
  });

  test('X15 is pinned by digest, and comes from the registry', () => {
    expect(lock.lockfileVersion).toBe(3);
    // What is bundled in another package is under that package's digest; no address is the registry's own.
    const loose = Object.entries(lock.packages)
      .filter(([name, { inBundle }]) => name !== '' && inBundle !== true)
      .filter(([, { integrity, resolved, link }]) => {
        return link === true || resolved !== undefined || integrity?.startsWith('sha512-') !== true;
      });
    expect(loose.map(([name]) => name)).toEqual([]);
  });
});

describe('X3 the local run', () => {
  const { issuer } = inject('stack');
  const { port } = new URL(issuer);
  const elsewhere = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);

  test('X3 listens on loopback only', async () => {
    expect(await reaches('127.0.0.1')).toBe(true);
    for (const address of elsewhere) expect([address, await reaches(address)]).toEqual([address, false]);
  });

  function reaches(host: string): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ host, port: Number(port), timeout: 2_000 });
      const end = (reached: boolean) => {
        socket.destroy();
        resolve(reached);
      };
      socket.once('connect', () => end(true));
      socket.once('error', () => end(false));
      socket.once('timeout', () => end(false));
    });
  }
});
