import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireLock, waitForLock } from '../../infra/local/lock.ts';

let directory: string;
const count = () => join(directory, 'count');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Adds one to the number in a file, again and again, in a process of its own: two at once lose some of it. */
const ADD = `
  import { readFileSync, writeFileSync } from 'node:fs';
  const { waitForLock } = await import(process.env.LOCK);
  for (let done = 0; done < 40; done++) {
    const lock = await waitForLock(process.env.DIRECTORY);
    const before = Number(readFileSync(process.env.COUNT, 'utf8'));
    await new Promise(setImmediate);
    writeFileSync(process.env.COUNT, String(before + 1));
    lock.release();
  }`;

function add(): Promise<number | null> {
  const LOCK = new URL('../../infra/local/lock.ts', import.meta.url).href;
  const env = { ...process.env, LOCK, DIRECTORY: directory, COUNT: count() };
  const child = spawn(process.execPath, ['--input-type=module', '--eval', ADD], { env, stdio: 'ignore' });
  return new Promise((resolve) => {
    child.once('close', resolve);
  });
}

describe('a lock', () => {
  test('is held by one of many processes at a time', { timeout: 120_000 }, async () => {
    for (let round = 0; round < 3; round++) {
      writeFileSync(count(), '0');
      const codes = await Promise.all(Array.from({ length: 8 }, add));
      expect(codes).toEqual(Array(8).fill(0));
      expect(readFileSync(count(), 'utf8')).toBe('320');
    }
    expect(readdirSync(directory)).toEqual(['count']);
  });

  test('of a living process is refused, with who has it', () => {
    const lock = acquireLock(directory);
    expect(() => acquireLock(directory)).toThrow(`pid ${process.pid}`);
    lock.release();
    acquireLock(directory).release();
  });

  test.each(['', 'no pid', '4194304 of a process that is no more'])('that says %j is taken over', async (left) => {
    writeFileSync(join(directory, 'lock'), left);
    const lock = await waitForLock(directory);
    expect(readFileSync(join(directory, 'lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
    lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('that somebody else took over meanwhile is theirs, also after we release ours', async () => {
    const ours = await waitForLock(directory);
    writeFileSync(join(directory, 'lock'), 'somebody else');
    ours.release();
    expect(readFileSync(join(directory, 'lock'), 'utf8')).toBe('somebody else');
  });
});
