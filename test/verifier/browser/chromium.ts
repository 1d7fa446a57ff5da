import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Chromium (Debian package `chromium`), as a person's browser: nothing of it is simulated. */

const PLACES = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const found = PLACES.find((path) => path !== '' && existsSync(path));

/** Why tests with a browser cannot run here; undefined when they can. */
export const missing: string | undefined =
  found === undefined
    ? 'Chromium is not installed (Debian: apt-get install chromium; elsewhere: CHROMIUM=/path/to/it)'
    : undefined;
assert.ok(process.env.CI === undefined || missing === undefined, `needed here: ${missing}`);

let browser: Browser | undefined;

/** To be called once by each test file that opens pages. */
export function withBrowser(): void {
  before(async () => {
    if (found === undefined) return;
    // As root, which CI is, Chromium has no sandbox.
    browser = await chromium.launch({ executablePath: found, args: ['--no-sandbox', '--disable-gpu'] });
  });
  after(() => browser?.close());
}

export interface Opened {
  readonly page: Page;
  /** Addresses that the page asked for besides itself. */
  readonly requests: readonly string[];
  /** What the console said that was an error, and dialogs that opened. */
  readonly troubles: readonly string[];
}

/** Opens a file from disk, without a network. `before` runs in the page before its own script. */
export async function open(
  file: string,
  options: Parameters<Browser['newContext']>[0] = {},
  before: () => void = () => {},
): Promise<Opened & AsyncDisposable> {
  assert.ok(browser !== undefined);
  const context: BrowserContext = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...options,
  });
  await context.setOffline(true);
  await context.addInitScript(before);
  const page = await context.newPage();
  const address = `file://${file}`;
  const requests: string[] = [];
  const troubles: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== address) requests.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(address);
  return { page, requests, troubles, [Symbol.asyncDispose]: () => context.close() };
}

/** The verdict, once there is one. */
export async function verdictOf(page: Page): Promise<string> {
  await page.waitForSelector('html[data-verdict]');
  return page.innerText('#verdict');
}
