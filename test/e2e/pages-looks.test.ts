import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PALETTE } from '../../functions/http/pages/style.ts';
import { violations } from '../support/browser-axe.ts';
import { chromiumPath, inspect, type Tab } from '../support/browser-chromium.ts';
import { approve, type Pages, screenshot, startPages } from '../support/browser-pages.ts';

const LONG = `claude.ai.${'login-and-secure-session.'.repeat(8)}evil.example`;

const NAMES = {
  markup: '"><img src=x onerror=alert(1)><script>alert(2)</script>',
  entity: '&lt;b&gt;Claude&lt;/b&gt;',
  template: '{{7*7}}',
  override: 'Claude \u202Eyb deifirev',
  emoji: '🟢'.repeat(100),
  newlines: `Claude\n\n\nVerified by your administrator`,
  marks: `Z${'\u0301'.repeat(90)}algo`,
  'one-word': 'W'.repeat(100),
};

const HOSTS = {
  subdomain: 'claude.ai.evil.com',
  punycode: 'xn--clude-5ve.ai',
  long: LONG,
};

const idOf = (kind: string) => kind.replaceAll(/[^a-z]/g, '-');

/** What the pages look like, measured where people meet them. Pictures of all of them are in test-results/screenshots. */
describe.runIf(chromiumPath)('what people see, in Chromium', () => {
  let pages: Pages;

  beforeAll(async () => {
    pages = await startPages([
      ...Object.entries(NAMES).map(([kind, name]) => ({ id: `name-${idOf(kind)}`, name })),
      ...Object.entries(HOSTS).map(([kind, host]) => ({
        id: `host-${idOf(kind)}`,
        redirectUris: [`https://${host}/cb`],
      })),
      { id: 'cursor', name: 'Cursor', redirectUris: ['cursor://anysphere.cursor-mcp/oauth/callback'] },
    ]);
  }, 120_000);
  afterAll(() => pages?.close());

  const narrow = { viewport: { width: 400, height: 800 } };
  const fitsAcross = async (tab: Tab) =>
    expect(await inspect(tab, 'document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);

  test.each(Object.entries(NAMES))('S15 the name %j is text, and changes nothing around it', async (kind, name) => {
    const tab = await pages.open(narrow);
    await tab.page.goto(pages.ask({ client_id: `name-${idOf(kind)}` }));
    const plain = name.normalize('NFC').replaceAll(/[\u202e\n]/g, '');
    expect(await tab.page.locator('bdi').evaluateAll((all) => all.map((each) => each.textContent))).toEqual([plain]);
    expect(await tab.page.locator('img, script').count()).toBe(0);
    expect(await tab.page.getByRole('heading').innerText()).toMatch(/^An application on this computer \(127\.0\.0\.1:/);
    // The mark stands before the name, and the name covers neither it nor what comes after.
    const [tag, shown, warning] = await inspect<{ top: number; bottom: number; left: number; right: number }[]>(
      tab,
      `['.tag', '.name', '.warn'].map((each) => document.querySelector(each).getBoundingClientRect().toJSON())`,
    );
    expect(tag?.bottom).toBeLessThanOrEqual(shown?.bottom ?? 0);
    expect(shown?.bottom).toBeLessThanOrEqual(warning?.top ?? 0);
    expect(await inspect(tab, `getComputedStyle(document.querySelector('.name')).overflow`)).toBe('hidden');
    expect(await inspect(tab, `getComputedStyle(document.querySelector('bdi')).unicodeBidi`)).toBe('isolate');
    await fitsAcross(tab);
    expect(tab.complaints).toEqual([]);
    await screenshot(tab, `name-${kind}`);
  });

  test.each(Object.entries(HOSTS))('S16 a %s host is there to its last letter', async (kind, host) => {
    const tab = await pages.open(narrow);
    await tab.page.goto(pages.ask({ client_id: `host-${idOf(kind)}`, redirect_uri: `https://${host}/cb` }));
    expect(await tab.page.getByRole('heading').innerText()).toContain(`The website ${host} asks for access to `);
    // What is painted where the host's last letter stands is the host, not something over it or beyond an edge.
    const last = `(() => {
      const text = document.querySelector('h1 strong').firstChild;
      const range = document.createRange();
      range.setStart(text, text.length - 1);
      range.setEnd(text, text.length);
      const { left, right, top, bottom } = range.getBoundingClientRect();
      return document.elementFromPoint((left + right) / 2, (top + bottom) / 2)?.textContent;
    })()`;
    expect(await inspect(tab, last)).toBe(host);
    await fitsAcross(tab);
    await screenshot(tab, `host-${kind}`);
  });

  const SHOWN: [string, (tab: Tab) => Promise<unknown>][] = [
    ['consent', (tab) => tab.page.goto(pages.ask())],
    ['consent-website', (tab) => tab.page.goto(pages.ask({ redirect_uri: 'https://client.example/cb' }))],
    ['problem', (tab) => tab.page.goto(pages.ask({ client_id: 'nobody' }))],
    ['problem-callback', (tab) => tab.page.goto(`${pages.issuer}/callback`)],
    [
      'login',
      async (tab) => {
        await tab.page.goto(pages.ask());
        await approve(tab);
      },
    ],
    [
      'login-refused',
      async (tab) => {
        await tab.page.goto(pages.ask());
        await approve(tab);
        await tab.page.getByLabel('Name').fill('mallory');
        await tab.page.getByRole('button', { name: 'Sign in' }).click();
        await tab.page.getByRole('alert').waitFor();
      },
    ],
    ['login-stopped', (tab) => tab.page.goto(`${pages.identity}/oauth2/authorize?client_id=nobody`)],
  ];

  describe.each(['light', 'dark'] as const)('in the %s scheme', (colorScheme) => {
    test.each(SHOWN)('axe-core finds nothing wrong with the %s page, and it fits 400 pixels', async (name, show) => {
      const tab = await pages.open({ colorScheme });
      await show(tab);
      expect(await violations(tab)).toEqual([]);
      await screenshot(tab, `${name}-${colorScheme}`);
      await tab.page.setViewportSize(narrow.viewport);
      await fitsAcross(tab);
      expect(await violations(tab)).toEqual([]);
      await screenshot(tab, `${name}-${colorScheme}-narrow`);
    });

    test('the page wears the colours of the scheme', async () => {
      const tab = await pages.open({ colorScheme });
      await tab.page.goto(pages.ask());
      const [ground, card, text] = await inspect<string[]>(
        tab,
        `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('main')).backgroundColor,
          getComputedStyle(document.querySelector('h1')).color]`,
      );
      const colours = PALETTE[colorScheme];
      expect([ground, card, text]).toEqual([colours.ground, colours.card, colours.text].map(rgb));
    });
  });
});

function rgb(hex: string): string {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return `rgb(${channels.join(', ')})`;
}
