import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What functions/tools/README.md shows of a resource and of a prompt is in the code, word for word. */
const readme = readFileSync('functions/tools/README.md', 'utf8');

test.each([
  ['defineResource', 'functions/tools/support-ticket.ts'],
  ['definePrompt', 'functions/tools/summarize-ticket.ts'],
])('%s', (name, path) => {
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const shown =
    blocks
      .find((text) => text.includes(`${name}(`))
      ?.trim()
      .split('\n') ?? [];
  expect(shown.length).toBeGreaterThan(4);
  const source = readFileSync(path, 'utf8');
  for (const line of shown) expect(source, line).toContain(line.trim());
});
