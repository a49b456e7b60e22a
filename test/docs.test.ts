import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Every page of documentation says what is so: its links lead somewhere, and what it tells people to run is there. */
const elsewhere = /^(?:node_modules|build|cdk\.out|coverage|\.gatehouse|\.stryker-tmp)(?:\/|$)/;
const pages = [...globSync('**/*.md', { exclude: (path) => elsewhere.test(path) }), ...globSync('.github/**/*.md')]
  .map((path) => path.replaceAll('\\', '/'))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** Files that a reader is told to make. */
const TO_BE_MADE = ['functions/tools/list-late-orders.ts', 'functions/tools/escalate-ticket.ts'];

/** What of `text` matches, with the name of its page. */
function said(pattern: RegExp): readonly (readonly [path: string, what: string])[] {
  return pages.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([, what = '']) => [path, what] as const));
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

describe('documentation', () => {
  test('is read from every folder', () => {
    const folders = pages.map(({ path }) => posix.dirname(path));
    for (const folder of ['.', 'functions', 'infra', 'test', 'test/attacks', '.github']) {
      expect(folders).toContain(folder);
    }
  });

  test('links to files and headings that are there', () => {
    const broken = said(/\]\((?!https?:|mailto:)([^)\s]+)\)/g).filter(([path, link]) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(target)) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('names files and folders that are there', () => {
    const named = said(/`((?:test|functions|infra)\/[\w./-]+)`/g);
    expect(named.length).toBeGreaterThan(50);
    const gone = named.filter(([, file]) => !existsSync(file) && !existsSync(`${file}.ts`));
    expect(gone.filter(([, file]) => !TO_BE_MADE.includes(file))).toEqual([]);
  });

  test('names scripts that npm knows', () => {
    const named = said(/\bnpm run ([\w:-]+)/g);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(([, script]) => !(script in scripts))).toEqual([]);
  });

  test('names commands of gatehouse that there are', () => {
    const usage = execFileSync(process.execPath, ['infra/cli/gatehouse.mjs', 'help'], { encoding: 'utf8' });
    const usages = usage.split('\n').map((line) => line.trim().split(/ {3,}/)[0] ?? '');
    const unknown = said(/npx gatehouse ((?:[a-z]+(?:[ ]|$))?[a-z]+)/gm).filter(([, command]) => {
      const [name = '', part] = command.split(' ');
      const own = usages.find((line) => line.startsWith(`gatehouse ${name}`));
      return own === undefined || (part !== undefined && own.includes('|') && !own.split(/[ |]+/).includes(part));
    });
    expect(unknown).toEqual([]);
  });

  test('says nothing of the machine it was written on', () => {
    expect(said(/(\/(?:work|home|Users|root|tmp)\/[\w./-]+)/g)).toEqual([]);
  });
});
