import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLock, writeLock } from '../../functions/core/tools/lock.ts';
import { type Copy, copyCheckout } from '../support/checkout-copy.ts';

/** Mistakes in real tool files of a copy of this checkout, told by the command that `npm run check` runs. */
const WHOAMI = 'functions/tools/whoami.ts';
const INDEX = 'functions/tools/index.ts';
const LOCK = 'functions/tools/tools.lock';
const PATIENCE_MS = 120_000;

let copy: Copy;
beforeAll(() => {
  copy = copyCheckout();
  // Whatever is being worked on here: in the copy it has been reviewed.
  copy.gatehouse('tools', 'lock');
});
afterAll(() => copy.remove());

/** The files are put back after each mistake. */
function having(edits: readonly Edit[], look: () => void): void {
  const before = edits.map(([path]) => [path, copy.read(path)] as const);
  try {
    for (const [path, from, to] of edits) copy.edit(path, from, to);
    look();
  } finally {
    for (const [path, text] of before) copy.write(path, text);
  }
}

type Edit = readonly [path: string, from: string, to: string];

describe('gatehouse check', () => {
  test('is content with tools that are as they were reviewed', { timeout: PATIENCE_MS }, () => {
    expect(copy.gatehouse('check')).toEqual({ code: 0, out: '' });
  });

  test.each<[mistake: string, edits: readonly Edit[], told: string]>([
    ['no access', [[WHOAMI, "access: 'read',", '']], `${WHOAMI}: access is missing. Write access: 'read'`],
    [
      'a scope nobody declared',
      [[WHOAMI, 'scopes: []', "scopes: ['orders:raed']"]],
      `${WHOAMI}: scope "orders:raed" is not in the catalogue`,
    ],
    [
      'two tools of one name',
      [[WHOAMI, "name: 'whoami'", "name: 'read_ticket'"]],
      `the tool of functions/tools/whoami.ts is called "read_ticket" too. Give each its own name.`,
    ],
    [
      'a character that is not ASCII',
      [[WHOAMI, 'Says who', 'Says wh\u043e']],
      `${WHOAMI}: description has the character U+043E, which is not printable ASCII. Replace it.`,
    ],
    [
      'another description than the reviewed one',
      [[WHOAMI, 'Says who', 'Tells who']],
      `${WHOAMI}: the tool "whoami" is not what ${LOCK} says. Run \`npx gatehouse tools lock\` and have the diff reviewed.`,
    ],
    [
      'a tool that nobody listed',
      [[INDEX, '[whoami, ', '[']],
      `${WHOAMI}: "whoami" is not listed in ${INDEX}. List it there, or delete the file.`,
    ],
    [
      'another name than that of the file',
      [[WHOAMI, "name: 'whoami'", "name: 'who_is_it'"]],
      `${WHOAMI}: what it defines is called "who_is_it". Call the file who-is-it.ts.`,
    ],
    ['a file that does not parse', [[WHOAMI, 'async run', 'async run run']], `${WHOAMI}:`],
    [
      'a file that does not load',
      [[WHOAMI, 'z.strictObject({})', 'z.strictobject({})']],
      `${WHOAMI}:10: z.strictobject is not a function`,
    ],
    [
      'a lock that was edited by hand',
      [[LOCK, 'Says who is signed in', 'Tells who is signed in']],
      `${LOCK}: has a digest for the tool "whoami" that is not that of its definition.`,
    ],
    ['a lock that is none', [[LOCK, '"version": 1', '"version": 2']], `${LOCK}: is not what \`gatehouse tools lock\``],
  ])('refuses %s', { timeout: PATIENCE_MS }, (_mistake, edits, told) => {
    having(edits, () => {
      const { code, out } = copy.gatehouse('check');
      expect(out).toContain(told);
      expect(out, 'a sentence and no stack').not.toMatch(/\n {4}at /);
      expect(code).toBe(1);
    });
  });
});

describe('gatehouse tools', () => {
  test('diff says in words what changed, and leaves with 1', { timeout: PATIENCE_MS }, () => {
    having([[WHOAMI, 'Says who is signed in', 'Tells who is signed in']], () => {
      const { code, out } = copy.gatehouse('tools', 'diff');
      expect(out).toMatch(
        /^functions\/tools\/whoami\.ts: the tool "whoami" changed\.\n {2}description was "Says who .*", is "Tells who /,
      );
      expect(code).toBe(1);
    });
    expect(copy.gatehouse('tools', 'diff')).toMatchObject({ code: 0 });
  });

  test('lock writes the digests that list shows', { timeout: PATIENCE_MS }, () => {
    const locked = readLock(copy.read(LOCK));
    if (!locked.ok) throw new Error(locked.error);
    const { out } = copy.gatehouse('tools', 'list');
    for (const { name, digest } of locked.value) expect(out).toMatch(new RegExp(`^${name} .* ${digest}$`, 'm'));
    expect(locked.value.map(({ kind }) => kind)).toContain('tool');
  });

  test('synthesis for a deployment refuses what the local run takes', { timeout: PATIENCE_MS }, () => {
    const synthesize = (...flags: string[]) => {
      const env = { ...process.env, CDK_OUTDIR: join(copy.root, 'out') };
      return spawnSync(process.execPath, ['infra/app.ts', ...flags], { cwd: copy.root, encoding: 'utf8', env });
    };
    expect(synthesize()).toMatchObject({ status: 0, stderr: '' });
    having([[WHOAMI, 'Says who', 'Tells who']], () => {
      expect(synthesize('--local')).toMatchObject({ status: 0, stderr: '' });
      const { status, stderr } = synthesize();
      expect(stderr).toMatch(
        /^functions\/tools\/whoami\.ts: .* Run `npx gatehouse tools lock` and have the diff reviewed/,
      );
      expect(status).toBe(1);
    });
  });
});

test('a lock is the same, whatever the order of what it is written from', () => {
  const locked = readLock(copy.read(LOCK));
  if (!locked.ok) throw new Error(locked.error);
  const shuffled = locked.value.toReversed().map((offer) => {
    return { ...offer, definition: Object.fromEntries(Object.entries(offer.definition).reverse()) };
  });
  expect(writeLock(shuffled)).toBe(copy.read(LOCK));
});
