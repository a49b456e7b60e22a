import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { openTab, startChromium, type Tab } from './browser-chromium.ts';
import { type Application, authorizeUrl, startApplication, startCloudWith } from './browser-cloud.ts';

export type Pages = Awaited<ReturnType<typeof startPages>>;

/** A cloud, a browser and an application of this computer, for tests of what people see. */
export async function startPages(clients: Parameters<typeof startCloudWith>[0]) {
  const running = new AsyncDisposableStack();
  try {
    const cloud = await startCloudWith([{}, ...clients]);
    running.defer(cloud.close);
    const browser: Browser = await startChromium();
    running.defer(() => browser.close());
    const application: Application = await startApplication();
    running.defer(application.close);
    const { issuer } = cloud;
    return {
      issuer,
      identity: `http://localhost:${Number(new URL(issuer).port) + 1}`,
      application,
      /** Where `client-a` sends a person, unless told otherwise. */
      ask: (changes: Readonly<Record<string, string>> = {}) =>
        authorizeUrl(issuer, { redirect_uri: application.redirectUri, ...changes }),
      /** A browser that has never been here. It is closed when the test ends. */
      open: async (options: BrowserContextOptions = {}): Promise<Tab> => {
        application.answers.length = 0;
        const context = await browser.newContext(options);
        onTestFinished(() => context.close());
        return await openTab(context);
      },
      close: () => running.disposeAsync(),
    };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

export async function approve(tab: Tab): Promise<void> {
  await tab.page.getByRole('button', { name: 'Allow and sign in' }).click();
  await tab.page.waitForURL(/\/sign-in\//);
}

export async function signIn(tab: Tab, login = 'ada'): Promise<void> {
  await tab.page.getByLabel('Name').fill(login);
  await tab.page.getByLabel('Password').fill('anything');
  await tab.page.getByRole('button', { name: 'Sign in' }).click();
}

/** Keeps what the tab shows, whole, for people to look at. */
export async function screenshot(tab: Tab, name: string): Promise<void> {
  const directory = join('test-results', 'screenshots');
  mkdirSync(directory, { recursive: true });
  await tab.page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}
