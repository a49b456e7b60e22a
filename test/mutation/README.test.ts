import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What README.md says of mutation testing, without the half hour that it takes. */
const readme = readFileSync('test/mutation/README.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const configurations = readdirSync('test/mutation').filter((name) => name.endsWith('.config.mjs'));

test('its command is the one there is, and fails below the score it names', async () => {
  const [, command = '', path = ''] = /npm run (test:\w+).*--mutate (\S+)/.exec(readme) ?? [];
  const [, config = ''] = /^stryker run (\S+)$/.exec(scripts[command] ?? '') ?? [];
  expect([existsSync(config), existsSync(path)]).toEqual([true, true]);
  expect(configurations).toEqual(['stryker.config.mjs', 'vitest.config.mjs']);
  const address = new URL(`../../${config}`, import.meta.url).href;
  const { default: options }: { default: { thresholds: { break: number } } } = await import(/* @vite-ignore */ address);
  expect(readme).toContain(`Below ${options.thresholds.break} % in all the command fails`);
});

test('every file of which something survives is explained', () => {
  const scored = [...readme.matchAll(/^\| `([\w/-]+\.ts)` \| \d+ \| (\d*) \| [\d.]+ \|$/gm)];
  expect(scored.length).toBeGreaterThan(40);
  const explained = readme.slice(readme.indexOf('## What survives'));
  for (const [, file = '', survivors] of scored) {
    expect(existsSync(`functions/core/oauth/${file}`), file).toBe(true);
    if (survivors !== '') expect(explained).toContain(`\`${file.replace(/\.ts$/, '')}\``);
  }
});
