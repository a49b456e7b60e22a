import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventStreamSerdeProvider, resolveEventStreamSerdeConfig } from '../../functions/adapters/no-event-streams.ts';
import { bundle } from '../../infra/bundle.ts';
import { FUNCTION_NAMES } from '../../infra/function-names.ts';

/** What reads streams of events is in no bundle; a client without it does all but that, and says so when asked for it. */
const ROOT = join(import.meta.dirname, '../..');

const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-event-streams-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** The commands of the clients we have that answer with a stream. Their models are in a bundle anyway. */
const STREAMING = /\bcommand\([^()]*"(?:SelectObjectContent|InvokeWithResponseStream)"/;

describe('no bundle of this repository', () => {
  const output = join(scratch, 'build');
  beforeAll(() => {
    bundle({ root: ROOT, names: FUNCTION_NAMES, output });
  });

  test.each(FUNCTION_NAMES)('has code for streams of events: %s', (name) => {
    const meta = JSON.parse(readFileSync(join(output, 'meta', `${name}.json`), 'utf8')) as Metafile;
    const inputs = Object.values(meta.outputs).flatMap(({ inputs }) => Object.entries(inputs));
    const streams = inputs.filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && /event-?stream/i.test(path));
    const instead = 'functions/adapters/no-event-streams.ts';
    expect(streams.map(([path]) => path).filter((path) => path !== instead)).toEqual([]);
  });

  test.each(FUNCTION_NAMES)('calls an operation that answers with one: %s', (name) => {
    expect(STREAMING.test(readFileSync(join(output, 'functions', name, 'index.js'), 'utf8'))).toBe(false);
  });
});

describe('a bundled client of Lambda', () => {
  let code: string;
  let server: Server;
  let run: (command: string) => Promise<string>;

  beforeAll(async () => {
    code = bundleOf(`
      import { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
      const client = new LambdaClient({ maxAttempts: 1 });
      export const invoke = async () => Buffer.from((await client.send(new InvokeCommand({ FunctionName: 'f' }))).Payload).toString();
      export const stream = () => client.send(new InvokeWithResponseStreamCommand({ FunctionName: 'f' }));
    `);
    server = createServer((_, response) => {
      response.setHeader('connection', 'close').end('"answered"');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const env = {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
    run = async (command) => {
      const script = `require(${JSON.stringify(code)}).${command}().then(console.log, (error) => console.log(error.message))`;
      return (await promisify(execFile)(process.execPath, ['-e', script], { env })).stdout;
    };
  });
  afterAll(() => server.close());

  test('calls what answers at once as ever', async () => {
    expect(await run('invoke')).toBe('"answered"\n');
  });

  test('has the command for a stream, where something calls it', () => {
    expect(STREAMING.test(readFileSync(code, 'utf8'))).toBe(true);
  });

  test('says of what answers with a stream that it was left out', async () => {
    expect(await run('stream')).toMatch(/event streams are left out of the bundles: see infra\/bundle\.ts/);
  });
});

test('a configuration goes on as it came', () => {
  const config = { region: 'eu-west-1' };
  expect(resolveEventStreamSerdeConfig(config)).toBe(config);
  expect(eventStreamSerdeProvider).toThrow(/left out of the bundles/);
});

/** A function of this text, bundled as ours are. */
function bundleOf(handler: string): string {
  const root = join(scratch, 'checkout');
  mkdirSync(join(root, 'functions/token'), { recursive: true });
  writeFileSync(join(root, 'functions/token/handler.ts'), handler);
  const adapters = ['environment-credentials.ts', 'no-event-streams.ts'];
  for (const file of adapters) {
    cpSync(join(ROOT, 'functions/adapters', file), join(root, 'functions/adapters', file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return join(bundle({ root, names: ['token'], output: join(scratch, 'one-client') }).token, 'index.js');
}
