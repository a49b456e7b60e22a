import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, openTab, sayWhySkipped, type Tab } from '../support/browser-chromium.ts';
import { approve, type Pages, screenshot, signIn, startPages } from '../support/browser-pages.ts';

sayWhySkipped();

const CURSOR = 'cursor://anysphere.cursor-mcp/oauth/callback';

/** The whole way of a person, in a browser that enforces what the pages ask of it. */
describe.runIf(chromiumPath)('from an application to its answer, in Chromium', () => {
  let pages: Pages;

  beforeAll(async () => {
    pages = await startPages([{ id: 'cursor', name: 'Cursor', redirectUris: [CURSOR] }]);
  }, 120_000);
  afterAll(() => pages?.close());

  /** Waits for the application to be called, as often as this. */
  async function answered(times = 1): Promise<URLSearchParams> {
    await expect.poll(() => pages.application.answers.length).toBe(times);
    return pages.application.answers.at(-1) ?? new URLSearchParams();
  }

  const originsOf = (tab: Tab) => new Set(tab.requests.map((url) => new URL(url).origin));

  test('approving leads through the sign-in to the redirect URI, and nothing else is asked for anything', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.ask());
    await approve(tab);
    await signIn(tab);
    const answer = await answered();
    expect(answer.get('code')).toMatch(/^\S{40,}$/);
    expect(answer.get('state')).toBe('the-state');
    expect(answer.get('iss')).toBe(pages.issuer);
    expect(tab.complaints).toEqual([]);
    const application = new URL(pages.application.redirectUri).origin;
    expect(originsOf(tab)).toEqual(new Set([pages.issuer, pages.identity, application]));
  });

  test('denying answers access_denied, and the identity provider is never asked', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.ask());
    await tab.page.getByRole('button', { name: 'Deny' }).click();
    const answer = await answered();
    expect(answer.get('error')).toBe('access_denied');
    expect(answer.get('state')).toBe('the-state');
    expect(answer.has('code')).toBe(false);
    expect(originsOf(tab)).not.toContain(pages.identity);
    expect(tab.complaints).toEqual([]);
  });

  test('U22 a custom scheme is followed after approval, by a browser that enforces form-action', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.ask({ client_id: 'cursor', redirect_uri: CURSOR }));
    await screenshot(tab, 'consent-scheme');
    await approve(tab);
    await signIn(tab);
    await expect.poll(() => tab.requests.at(-1)).toMatch(/^cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback\?code=/);
    expect(tab.complaints).toEqual([]);
  });

  test('S18 a custom scheme is followed straight from our own form, too', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.ask({ client_id: 'cursor', redirect_uri: CURSOR }));
    await tab.page.getByRole('button', { name: 'Deny' }).click();
    await expect.poll(() => tab.requests.at(-1)).toMatch(/^cursor:\S+\?error=access_denied&/);
    expect(tab.complaints).toEqual([]);
  });

  test('S10 two tabs of one browser both reach the end, in either order', async () => {
    const first = await pages.open();
    await first.page.goto(pages.ask({ state: 'first' }));
    const second = await openTab(first.page.context());
    await second.page.goto(pages.ask({ state: 'second' }));
    await approve(first);
    await approve(second);
    await signIn(second);
    expect((await answered(1)).get('state')).toBe('second');
    await signIn(first, 'bob');
    const answer = await answered(2);
    expect(answer.get('state')).toBe('first');
    expect(answer.has('code')).toBe(true);
  });

  test('A34 the back button leads to the question again, never past it', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.ask());
    await approve(tab);
    await tab.page.goBack();
    await tab.page.getByRole('heading', { name: 'asks for access to' }).waitFor();
    await approve(tab);
    await signIn(tab);
    await answered(1);

    await tab.page.goto(pages.ask());
    await tab.page.getByRole('heading', { name: 'asks for access to' }).waitFor();
    expect(pages.application.answers).toHaveLength(1);
  });

  test('unticked permissions are not granted, and none at all is refused in words', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.ask());
    for (const box of await tab.page.getByRole('checkbox').all()) await box.uncheck();
    await tab.page.getByRole('button', { name: 'Allow and sign in' }).click();
    await tab.page.getByRole('heading', { name: 'Nothing is ticked' }).waitFor();
    await screenshot(tab, 'problem-nothing-ticked');

    await tab.page.goBack();
    await tab.page.getByRole('checkbox', { name: 'Read support tickets' }).check();
    await approve(tab);
    await signIn(tab);
    expect((await answered()).has('code')).toBe(true);
  });

  test('S5 a form that another site put together is refused by the browser’s own account of it', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.application.redirectUri);
    await tab.page.setContent(`<form method="post" action="${pages.issuer}/consent">
      <input name="transaction" value="x"><input name="csrf" value="x"><button name="decision" value="approve">Go</button></form>`);
    await tab.page.getByRole('button', { name: 'Go' }).click();
    await tab.page.getByRole('heading', { name: 'Start again' }).waitFor();
    expect(await tab.page.getByText('The answer to this page came from another page.').count()).toBe(1);
  });

  test('A42 no page of another site gets the question into a frame', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.application.redirectUri);
    await tab.page.setContent(`<iframe src="${pages.ask().replaceAll('&', '&amp;')}"></iframe>`);
    await expect.poll(() => tab.page.frames()[1]?.url()).toBe('chrome-error://chromewebdata/');
    expect(tab.complaints.join('\n')).toContain("frame-ancestors 'none'");
  });

  test.each([
    ['an unknown client', { client_id: 'nobody' }, 'This application is not known here'],
    ['an address that is not the client’s', { redirect_uri: 'https://evil.example/cb' }, 'This request cannot be used'],
  ])('%s ends on a page that leads nowhere', async (name, changes, heading) => {
    const tab = await pages.open();
    const response = await tab.page.goto(pages.ask(changes));
    expect(response?.status()).toBe(400);
    expect(await tab.page.getByRole('heading').innerText()).toBe(heading);
    expect(await tab.page.locator('a, form, script, img').count()).toBe(0);
    expect(originsOf(tab)).toEqual(new Set([pages.issuer]));
    await screenshot(tab, `problem-${name.slice(3, 10).trim()}`);
  });
});
