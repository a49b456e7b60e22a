import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';

/** A browser of this machine. None is downloaded: a checkout that has none runs the other tests. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

export const chromiumPath = PLACES.find((path) => existsSync(path));

/** One line for a run without a browser, so that a green run does not look like more than it is. */
export function sayWhySkipped(): void {
  if (chromiumPath) return;
  process.stdout.write(`Skipped: the tests of the pages need Chromium or Chrome, and there is none at ${PLACES[0]}\n`);
}

/** Without the services that a browser calls home with, so that a request to anywhere else is the page's own. */
export async function startChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('there is no Chromium on this machine');
  return await chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export type Tab = {
  readonly page: Page;
  readonly devtools: CDPSession;
  /** Every address the tab asked for, in order, also one of a scheme that nothing here opens. */
  readonly requests: string[];
  /** What the page wrote to the console, and errors of it: nothing, when all is well. */
  readonly complaints: string[];
};

/** Opens a tab whose every request and complaint is kept. */
export async function openTab(context: BrowserContext): Promise<Tab> {
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  const tab: Tab = { page, devtools, requests: [], complaints: [] };
  await devtools.send('Network.enable');
  devtools.on('Network.requestWillBeSent', ({ request }) => tab.requests.push(request.url));
  await devtools.send('Log.enable');
  devtools.on('Log.entryAdded', ({ entry }) => tab.complaints.push(`${entry.level}: ${entry.text} ${entry.url ?? ''}`));
  page.on('console', (message) => tab.complaints.push(`console.${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => tab.complaints.push(`error: ${error.message}`));
  return tab;
}

/**
 * Runs a script in the page as a developer's console would: beside the page's policy, which allows none.
 *
 * @throws Error with what the script threw
 */
export async function inspect<Value>(tab: Tab, expression: string): Promise<Value> {
  const { result, exceptionDetails } = await tab.devtools.send('Runtime.evaluate', {
    expression,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value as Value;
}
