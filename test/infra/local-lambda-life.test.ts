import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createFunctions, type Functions } from '../../infra/local/lambda/functions.ts';
import { assemblyOf, credentials, fixture, lambdaFunction, resolverOf } from './fixtures-runtime/assembly.ts';

const NAME = 'Hand-Worker';
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Log = [name: string, line: string][];

/** A function whose bundle lies in a directory of its own, so that a test may change it. */
function start(): { functions: Functions; log: Log; bundle: string } {
  const directory = mkdtempSync(join(tmpdir(), 'local-lambda-'));
  const bundle = join(directory, 'bundle');
  mkdirSync(bundle);
  cpSync(fixture('behave'), bundle, { recursive: true });
  const assembly = assemblyOf(
    { Worker: lambdaFunction('behave', {}, { ReservedConcurrentExecutions: 2 }) },
    { behave: bundle },
  );
  const log: Log = [];
  const functions = createFunctions({
    assembly,
    resolver: resolverOf(assembly),
    credentials,
    endpointUrl: 'http://127.0.0.1:9',
    onLog: (name, line) => log.push([name, line]),
  });
  cleanups.push(
    () => functions.close(),
    () => rmSync(directory, { recursive: true }),
  );
  return { functions, log, bundle };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !condition(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('what a function writes', () => {
  test('arrives line by line, split at line feeds and nowhere else, ahead of the answer', async () => {
    const { functions, log } = start();
    const record = JSON.stringify({ message: 'a\u2028b\u2029c' });
    await functions.invoke(NAME, { do: 'write', text: `${record}\nsecond ` });
    await functions.invoke(NAME, { do: 'write', text: 'half: äöü\n' });
    await functions.invoke(NAME, { do: 'write', text: 'a complaint\n', stream: 'stderr' });
    expect(log).toEqual([
      [NAME, record],
      [NAME, 'second half: äöü'],
      [NAME, 'a complaint'],
    ]);
  });

  test('is not lost when the function ends in the middle of a line', async () => {
    const { functions, log } = start();
    await functions.invoke(NAME, { do: 'write', text: 'last words' });
    await functions.invoke(NAME, { do: 'exit', code: 1 });
    await until(() => log.length >= 1);
    expect(log).toContainEqual([NAME, 'last words']);
  });

  test('is joined by the reason when it fails, crashes or takes too long', async () => {
    const { functions, log } = start();
    await functions.invoke(NAME, { do: 'throw', text: 'out of range' });
    await functions.invoke(NAME, { do: 'crash' });
    const records = log.map(([, line]) => JSON.parse(line) as { level: string; message: { errorType: string } });
    expect(records.map(({ level, message }) => [level, message.errorType])).toEqual([
      ['ERROR', 'RangeError'],
      ['FATAL', 'Error'],
    ]);
  });
});

describe('a restart', () => {
  test('lets what runs finish in the old code and serves what comes in the new', async () => {
    const { functions, bundle } = start();
    const before = await functions.invoke(NAME, { do: 'overlap', milliseconds: 1, label: 'x' });
    expect(before.payload).toMatchObject({ label: 'x' });
    const running = functions.invoke(NAME, { do: 'overlap', milliseconds: 300, label: 'x' });

    const index = join(bundle, 'index.js');
    writeFileSync(index, readFileSync(index, 'utf8').replace('seen, label }', "seen, label: 'new code' }"));
    const restarted = functions.restart();
    const during = await functions.invoke(NAME, { do: 'overlap', milliseconds: 1, label: 'x' });
    expect(during.payload).toMatchObject({ label: 'new code' });
    await restarted;
    expect((await running).payload).toMatchObject({ label: 'x' });
  });

  test('brings another template, and leaves everything as it is when that one is wrong', async () => {
    const { functions } = start();
    const good = assemblyOf({ Other: lambdaFunction('behave') });
    const bad = assemblyOf({ Other: lambdaFunction('behave', {}, { Runtime: 'java21' }) });
    await expect(functions.restart({ assembly: bad, resolver: resolverOf(bad), credentials })).rejects.toThrow(
      /Runtime/,
    );
    expect(await functions.invoke(NAME, { do: 'nothing' })).toEqual({ payload: null });
    await functions.restart({ assembly: good, resolver: resolverOf(good), credentials });
    expect(await functions.invoke('Hand-Other', { do: 'nothing' })).toEqual({ payload: null });
    await expect(functions.invoke(NAME, {})).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await functions.restart();
    expect(await functions.invoke('Hand-Other', { do: 'nothing' })).toEqual({ payload: null });
  });
});

test('a close ends what runs and what waits', async () => {
  const { functions } = start();
  const ends = ['hang', 'hang', 'hang'].map((how) => functions.invoke(NAME, { do: how }));
  const settled = Promise.allSettled(ends);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await functions.close();
  const [first, second, waiting] = await settled;
  expect(first).toMatchObject({ status: 'fulfilled', value: { error: { errorType: 'Runtime.ExitError' } } });
  expect(second).toMatchObject({ status: 'fulfilled' });
  expect(waiting).toMatchObject({ status: 'rejected' });
});
