import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../functions/core/audit/record.ts';
import { gatehouse } from '../attacks/support/l-operator.ts';
import { type ProofStand, startProofStand } from '../support/proof-stand.ts';
import { verifyExportIndependently } from '../support/verify-export-independently.ts';

/** From tool calls to an auditor's verdict on an export; then with the export changed. */

let stand: ProofStand;
beforeAll(async () => {
  stand = await startProofStand();
}, 300_000);
afterAll(() => stand?.close());

/** A copy of the export, with a file of it changed. */
function changed(name: string, file: 'records.jsonl' | 'checkpoints.jsonl', change: (lines: string[]) => string[]) {
  cpSync(stand.path('export'), stand.path(name), { recursive: true });
  const text = change(stand.linesIn('export', file)).map((line) => `${line}\n`);
  writeFileSync(stand.path(name, file), text.join(''));
  return stand.path(name);
}

describe('an export', () => {
  test('is proved whole offline, with nothing but the public key, in a report that says what was looked at', async () => {
    const { code, stdout, stderr } = await gatehouse(
      '/nowhere',
      'audit',
      'verify',
      '--export',
      stand.path('export'),
      ...stand.key,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Log +gatehouse-dev\/us-east-1\/000000000000$/m);
    expect(stdout).toMatch(/^Period +\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d, sealed through \d{4}-\d\d-\d\dT[\d:.]+Z$/m);
    expect(stdout).toMatch(/^Looked at +\d+ streams?, \d+ records, 1 checkpoint, number 1$/m);
    expect(stdout).toMatch(/^Signed by +[0-9a-f]{64}$/m);
    expect(stdout).toMatch(/^Not sealed +nothing$/m);
    expect(stdout).toMatch(/^Writes +none is without an outcome$/m);
    expect(stdout).toMatch(/^Verdict +whole$/m);
  });

  test('holds the calls that were made', () => {
    const tools = stand.linesIn('export', 'records.jsonl').map((line) => JSON.parse(line) as AuditRecord);
    const seen = tools.map(({ k, f, x }) => `${k} ${f} ${x}`);
    expect(seen).toEqual(
      expect.arrayContaining([
        'search_orders call allowed',
        'add_ticket_note intent allowed',
        'add_ticket_note outcome allowed',
      ]),
    );
  });

  test('is whole to a verifier that was written from the documentation alone', () => {
    const { period } = JSON.parse(readFileSync(stand.path('export', 'manifest.json'), 'utf8'));
    const files = {
      records: stand.linesIn('export', 'records.jsonl'),
      checkpoints: stand.linesIn('export', 'checkpoints.jsonl'),
    };
    expect(verifyExportIndependently(files, readFileSync(stand.path('key.pem'), 'utf8'), period.sealedThrough)).toBe(
      'whole',
    );
  });

  test('that brings its own key is not proved', async () => {
    const { code, stdout } = await stand.run('verify', '--export', stand.path('export'));
    expect(code).toBe(2);
    expect(stdout).toMatch(/^Signed by +[0-9a-f]{64} \(came with the log: not checked\)$/m);
  });

  test('that was changed in one letter is named as tampered, with its record', async () => {
    const lines = stand.linesIn('export', 'records.jsonl');
    const at = lines.findIndex((line) => line.includes('"search_orders"'));
    const { s, n } = JSON.parse(lines[at] ?? '') as AuditRecord;
    const to = changed('edited', 'records.jsonl', (all) =>
      all.with(at, (all[at] ?? '').replace('"search_orders"', '"search_ordert"')),
    );
    expect(await stand.proven('--export', to, ...stand.key)).toMatchObject({
      code: 1,
      verdict: 'tampered',
      findings: [{ reason: 'hash', stream: s, record: n }, { reason: 'file' }],
    });
    expect((await stand.run('verify', '--export', to, ...stand.key)).stdout).toContain(
      `tampered (hash) stream ${s}, record ${n}: the record is not what it was when it was hashed`,
    );
  });

  test('without its last line is cut', async () => {
    const to = changed('cut', 'records.jsonl', (all) => all.slice(0, -1));
    const { s, n } = JSON.parse(stand.linesIn('export', 'records.jsonl').at(-1) ?? '') as AuditRecord;
    const { code, findings } = await stand.proven('--export', to, ...stand.key);
    expect({ code, first: findings[0] }).toMatchObject({ code: 1, first: { stream: s, record: n } });
  });

  test('whose checkpoint was changed is not signed', async () => {
    const to = changed('forged', 'checkpoints.jsonl', ([line = '']) => [line.replace('\\"n\\":1,', '\\"n\\":2,')]);
    const { code, findings } = await stand.proven('--export', to, ...stand.key);
    expect({ code, first: findings[0]?.reason }).toEqual({ code: 1, first: 'signature' });
  });

  test.each([
    [
      'a directory that holds none',
      () => ['--export', stand.path('.'), ...stand.key],
      /holds no export: manifest.json/,
    ],
    [
      'a key that is none',
      () => ['--export', stand.path('export'), '--pubkey', stand.path('export', 'manifest.json')],
      /no public key/,
    ],
    ['a day that is none', () => ['--from', 'yesterday'], /--from is "yesterday", which is no day/],
    ['an option that is none', () => ['--everything'], /Usage:/],
  ])('is not looked for in %s: exit 3', async (_, args, message) => {
    expect(await stand.run('verify', ...args())).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });

  test('is not written over another', async () => {
    expect((await stand.run('export', '--out', stand.path('export'))).stderr).toMatch(
      /is not empty. An export is written once/,
    );
  });
});

test('the commands of infra/cli/README.md prove what they say, in the order in which they stand there', async () => {
  const readme = readFileSync('infra/cli/README.md', 'utf8');
  const lines = readme.match(/^npx gatehouse audit (?:key|export|verify) .*$/gm) ?? [];
  expect(lines).toHaveLength(4);
  const today = new Date().toISOString().slice(0, 10);
  const codes: unknown[] = [];
  for (const line of lines) {
    // The period is one that this stack was there for, and it is not over yet.
    const [command = '', file] = line.replaceAll(/2026-01-(?:01|31)/g, today).split(' > ');
    const words = command.split(' ').slice(3);
    const said = await stand.run(...words.map((word) => (/^january$|\.pem$/.test(word) ? stand.path(word) : word)));
    if (file !== undefined) writeFileSync(stand.path(file), said.stdout);
    codes.push(said.code);
  }
  expect(codes).toEqual([0, 0, 0, 0]);
});
