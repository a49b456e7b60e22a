import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, inspect, type Tab } from '../support/browser-chromium.ts';
import { type Pages, screenshot, startPages } from '../support/browser-pages.ts';

/** A person who has no mouse, from the question to the answer. */
describe.runIf(chromiumPath)('with the keyboard alone, in Chromium', () => {
  let pages: Pages;

  beforeAll(async () => {
    pages = await startPages([]);
  }, 120_000);
  afterAll(() => pages?.close());

  const focused = (tab: Tab) => inspect<string>(tab, `document.activeElement.value || document.activeElement.name`);
  const answer = async () => {
    await expect.poll(() => pages.application.answers.length).toBe(1);
    return pages.application.answers[0] ?? new URLSearchParams();
  };

  test('Tab goes through the permissions to "Deny" and then to "Allow", and shows where it is', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.ask());
    const way: string[] = [];
    for (let step = 0; step < 5; step++) {
      await tab.page.keyboard.press('Tab');
      way.push(await focused(tab));
      const outline = `(({ outlineStyle, outlineWidth }) => outlineStyle + ' ' + outlineWidth)(getComputedStyle(document.activeElement))`;
      expect(await inspect(tab, outline)).toBe('solid 3px');
    }
    expect(way).toEqual(['orders:read', 'tickets:read', 'tickets:write', 'deny', 'approve']);
    await screenshot(tab, 'consent-focus');
  });

  test('Space unticks, Enter allows, and the sign-in needs no mouse either', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.ask());
    await tab.page.keyboard.press('Tab');
    await tab.page.keyboard.press('Space');
    expect(await tab.page.getByRole('checkbox').first().isChecked()).toBe(false);
    for (let step = 0; step < 4; step++) await tab.page.keyboard.press('Tab');
    await tab.page.keyboard.press('Enter');
    await tab.page.waitForURL(/\/sign-in\//);
    await tab.page.keyboard.type('ada');
    await tab.page.keyboard.press('Tab');
    await tab.page.keyboard.type('anything');
    await tab.page.keyboard.press('Enter');
    expect((await answer()).has('code')).toBe(true);
  });

  test('Enter in the middle of the form does not agree to anything', async () => {
    const tab = await pages.open();
    await tab.page.goto(pages.ask());
    await tab.page.keyboard.press('Tab');
    await tab.page.keyboard.press('Enter');
    expect((await answer()).get('error')).toBe('access_denied');
  });
});
