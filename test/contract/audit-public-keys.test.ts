import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pemOf, publicKeysIn } from '../../infra/cli/audit/public-keys.ts';

/** What an auditor may give with `--pubkey`: a file of one key, or of all that ever signed. */
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const aKey = (namedCurve = 'P-256') => pemOf(generateKeyPairSync('ec', { namedCurve }).publicKey);
function fileOf(text: string): string {
  const path = join(directory, 'keys.pem');
  writeFileSync(path, text);
  return path;
}

test('a file has one key or several, whatever stands around them', () => {
  const [one, two] = [aKey(), aKey()];
  expect(publicKeysIn(fileOf(one))).toEqual([one]);
  expect(publicKeysIn(fileOf(`${one}${two}`))).toEqual([one, two]);
  expect(publicKeysIn(fileOf(`the newest\r\n${one.replaceAll('\n', '\r\n')}\nbefore it\n${two}`))).toEqual([one, two]);
});

test('a file that is not there, is empty, is something else, or has one key that is none of ours, is refused', () => {
  const missing = join(directory, 'nowhere.pem');
  expect(() => publicKeysIn(missing)).toThrow(
    `--pubkey ${missing} is not there. Name a file with the public key in PEM.`,
  );
  for (const text of [
    '',
    '{}',
    `${aKey()}${aKey('P-384')}`,
    `${aKey()}${aKey().replace('MFkw', 'MFkX')}`,
    `${aKey()}${aKey().slice(0, 100)}`,
  ]) {
    expect(() => publicKeysIn(fileOf(text))).toThrow('is no public key in PEM');
  }
});
