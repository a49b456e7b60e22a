import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rowContextKey, signRowContext } from '../../functions/adapters/row-context.ts';
import { parseMigration, readMigrations } from '../../functions/migrate/migration-files.ts';
import { scramVerifier } from '../../functions/migrate/scram.ts';
import { MIGRATIONS } from '../support/migrated.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-migrations-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const put = (name: string, text: string) => writeFileSync(join(directory, name), text);

test('files are read in the order of their numbers, sample data last, other files not at all', () => {
  put('0002-b.sql', 'SELECT 2');
  put('sample-0001-a.sql', 'SELECT 3');
  put('0001-a.sql', 'SELECT 1');
  put('README.md', 'words');
  expect(readMigrations(directory).map(({ version, sample }) => [version, sample])).toEqual([
    ['0001-a', false],
    ['0002-b', false],
    ['sample-0001-a', true],
  ]);
});

test.each(['1-short-number.sql', '0001_underscore.sql', '0001-Upper.sql', '0001.sql', 'sample-a.sql'])(
  'a file named %s is refused, not skipped',
  (name) => {
    put(name, 'SELECT 1');
    expect(() => readMigrations(directory)).toThrow(`${name} is no name of a migration`);
  },
);

test('a breakpoint counts only as a line of its own', () => {
  const text =
    "SELECT '--> statement-breakpoint'\n--> statement-breakpoint\n-- only a comment\n--> statement-breakpoint\nSELECT 2\n";
  expect(parseMigration('0001-a.sql', text).statements).toEqual(["SELECT '--> statement-breakpoint'", 'SELECT 2']);
});

test('an empty file and a statement beyond what the Data API takes are refused', () => {
  expect(() => parseMigration('0001-a.sql', '-- nothing\n')).toThrow('0001-a.sql holds no statement');
  const long = `SELECT 1\n--> statement-breakpoint\nSELECT '${'x'.repeat(65_536)}'`;
  expect(() => parseMigration('0001-a.sql', long)).toThrow('0001-a.sql, statement 2 is longer than 65536');
});

test('the real files are ASCII, so that what they hold can be seen', () => {
  for (const { version, statements } of readMigrations(MIGRATIONS)) {
    expect([version, /^[\n\x20-\x7e]*$/.test(statements.join(''))]).toEqual([version, true]);
  }
});

test('a verifier is the one of RFC 7677 section 3', () => {
  const verifier = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
  const [, salt, , serverKey = ''] = /^SCRAM-SHA-256\$4096:(.+)\$(.+):(.+)$/.exec(verifier) ?? [];
  expect(salt).toBe('W22ZaJ0SNY7soEsUEjb6gQ==');
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const message = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${salt},i=4096,c=biws,r=${nonce}`;
  const signature = createHmac('sha256', Buffer.from(serverKey, 'base64')).update(message).digest('base64');
  expect(signature).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

test('a password that a client might prepare differently is refused', () => {
  for (const password of ['', 'with space', 'p\u00e4sswort', 'a\u0000b']) {
    expect(() => scramVerifier(password, Buffer.alloc(16))).toThrow('printable ASCII');
  }
});

test('a row context is its claims and their MAC, under a key that only the secret gives', () => {
  const key = rowContextKey({ username: 'mcp_reader', password: 'secret' });
  expect(key).toHaveLength(32);
  expect(key).not.toEqual(rowContextKey({ username: 'mcp_reader', password: 'other' }));
  const context = signRowContext(key, { subject: 'a.b', tenant: 'n\u00f6rd' }, 1_000_000_000);
  const [subject = '', tenant = '', expires, mac] = context.split('.');
  expect([Buffer.from(subject, 'hex').toString(), Buffer.from(tenant, 'hex').toString(), expires]).toEqual([
    'a.b',
    'n\u00f6rd',
    '1000000060',
  ]);
  expect(mac).toBe(createHmac('sha256', key).update(`${subject}.${tenant}.${expires}`).digest('hex'));
  expect(signRowContext(key, { subject: 'a', tenant: undefined }, 0)).toMatch(/^61\.\.60\.[0-9a-f]{64}$/);
});
