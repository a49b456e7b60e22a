import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { tools } from '../functions/tools/index.ts';
import { banner } from '../infra/cli/terminal/banner.ts';
import { describePerson, PEOPLE } from '../infra/local/identity/people.ts';

/** The README says what is so: its commands exist, its terminal is the real one, its snippet is code that compiles. */
const readme = readFileSync('README.md', 'utf8');
const packageJson = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const uncoloured = pc.createColors(false) as typeof pc;

function block(language: string, having: string): string {
  const blocks = [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text,
  );
  const found = blocks.find((text) => text.includes(having));
  if (found === undefined) throw new Error(`README.md has no ${language} block with "${having}"`);
  return found;
}

const ABOUT = {
  mcpUrl: 'http://localhost:3000/mcp',
  seconds: 1.9,
  people: PEOPLE.map((person) => ({ login: person.login, about: describePerson(person) })),
  tools: tools.map(({ name, access, scopes, approval }) => ({
    name,
    access,
    scopes,
    approval: approval === 'required',
  })),
  database: true,
  stateDirectory: '.gatehouse',
  keys: true,
};

describe('README.md', () => {
  test('names only scripts that exist, and the two commands', () => {
    const named = [...readme.matchAll(/\bnpm (?:run )?(start|test|[a-z]+:[a-z]+)\b/g)].map(([, script = '']) => script);
    expect(named).toEqual(expect.arrayContaining(['start', 'test']));
    expect(named.filter((script) => !(script in packageJson.scripts))).toEqual([]);
    expect(readme).toMatch(/^npm ci && npm start/m);
  });

  test('shows the terminal as it is', () => {
    const real = banner(ABOUT, uncoloured);
    expect(block('text', 'MCP server').trim()).toContain(real.trim());
  });

  test('names no database to whoever has none', () => {
    expect(banner({ ...ABOUT, database: false }, uncoloured)).toContain(
      'Local only   no database, test identity provider',
    );
  });

  test('says what it costs as infra/COST.md computes it', () => {
    const [, section = ''] = /## What it costs\n([\s\S]*?)\n## /.exec(readme) ?? [];
    const figures = [...section.matchAll(/\$(\d+\.\d\d)|(\d+ alarms)/g)].map(([, usd, alarms]) => usd ?? alarms ?? '');
    expect(figures.length).toBeGreaterThan(4);
    const computed = readFileSync('infra/COST.md', 'utf8');
    for (const figure of figures) expect(computed).toContain(figure);
  });

  test('links to files that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(5);
    for (const path of links) expect(() => readFileSync(path), path).not.toThrow();
  });

  test('names tests that exist', () => {
    const named = [...readme.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(5);
    for (const path of named) expect(existsAsFileOrFolder(path), path).toBe(true);
  });

  test('shows a tool that is in the code, word for word', () => {
    const source = readFileSync('functions/tools/search-orders.ts', 'utf8');
    for (const line of block('ts', 'defineTool').split('\n')) {
      const code = line.replace(/\s*\/\/.*$/, '').trim();
      if (code !== '' && code !== '…') expect(source, code).toContain(code);
    }
  });
});

function existsAsFileOrFolder(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR';
  }
}
