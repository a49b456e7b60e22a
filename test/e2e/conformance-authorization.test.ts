import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { freeTriple } from '../support/free-ports.ts';
import { signIn } from '../support/sign-in.ts';

/**
 * The official conformance suite against the authorization server, as its authors run it: a program of its own that
 * prints an authorize URL and waits on loopback for what comes of it. A grant without a client id is skipped by the
 * suite and looks green, so what is counted is what passed.
 */
const stack = inject('stack');
const require = createRequire(import.meta.url);
const suite = join(dirname(require.resolve('@modelcontextprotocol/conformance/package.json')), 'dist', 'index.js');

type Check = { readonly id: string; readonly status: string; readonly errorMessage?: string };
type Run = { readonly code: number | null; readonly said: string; readonly checks: readonly Check[] };

let port = 0;
let clientId = '';

beforeAll(async () => {
  port = await freeTriple();
  const response = await fetch(`${stack.issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [`http://127.0.0.1:${port}/callback`], client_name: 'Conformance' }),
  });
  expect(response.status).toBe(201);
  clientId = ((await response.json()) as { client_id: string }).client_id;
});

async function run(...more: readonly string[]): Promise<Run> {
  const output = mkdtempSync(join(tmpdir(), 'gatehouse-conformance-'));
  try {
    const of = ['--url', stack.issuer, '--client-id', clientId, '--port', String(port)];
    const child = spawn(process.execPath, [suite, 'authorization', ...of, '-o', output, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: AbortSignal.timeout(25_000),
    });
    let said = '';
    let driven: Promise<unknown> | undefined;
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      const authorize = /http:\/\/localhost:\d+\/authorize\?\S+(?=\s)/.exec(said)?.[0];
      if (authorize === undefined) return;
      driven ??= beThePerson(authorize).catch((error: Error) => {
        said += error.stack;
        child.kill();
      });
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    await driven;
    return { code, said, checks: checksIn(output) };
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** Agrees, signs in, and delivers the answer where the suite listens. */
async function beThePerson(authorize: string): Promise<void> {
  const landed = await signIn(authorize, `http://127.0.0.1:${port}/callback`, { as: 'ada' });
  await fetch(landed);
}

function checksIn(output: string): Check[] {
  return readdirSync(output, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('checks.json'))
    .flatMap((name) => JSON.parse(readFileSync(join(output, name), 'utf8')) as Check[]);
}

/** Client id metadata documents are a setting; the suite only warns of a server that does not offer them. */
async function offersMetadataDocuments(): Promise<boolean> {
  const response = await fetch(`${stack.issuer}/.well-known/oauth-authorization-server`);
  const metadata = (await response.json()) as { client_id_metadata_document_supported?: boolean };
  return metadata.client_id_metadata_document_supported === true;
}

test.each([
  ['without a resource', []],
  ['with the resource', ['--resource', stack.mcpUrl]],
])('X16 the official suite passes %s: every check ran, none failed, none was skipped', async (_, more) => {
  const documents = await offersMetadataDocuments();
  const { code, said, checks } = await run(...more);
  expect(checks.map(({ id, status }) => `${id} ${status}`).toSorted(), said).toEqual([
    'authorization-code-grant SUCCESS',
    'authorization-server-metadata SUCCESS',
    `authorization-server-metadata-cimd ${documents ? 'SUCCESS' : 'WARNING'}`,
  ]);
  expect(said).toContain(`Total: ${documents ? 3 : 2} passed, 0 failed`);
  expect(code).toBe(0);
});
