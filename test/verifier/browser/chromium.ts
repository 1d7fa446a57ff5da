import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

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
/** Pages that stand open for the next file: a process and a profile for each file cost more than most tests do. */
const idle: Shown[] = [];

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

/** A page and what it shows. */
interface Shown {
  readonly page: Page;
  address: string;
  requests: string[];
  troubles: string[];
}

/**
 * Opens a file from disk, without a network. `before` runs in the page before its own script. With neither options nor
 * that, in a page that may have shown another file: a test that changes more than the document (the page's size, say)
 * gives the options that it begins with.
 */
export async function open(
  file: string,
  options: BrowserContextOptions = {},
  before?: () => void,
): Promise<Opened & AsyncDisposable> {
  const isUsual = before === undefined && Object.keys(options).length === 0;
  const shown = (isUsual ? idle.pop() : undefined) ?? (await newPage(options, before));
  const address = `file://${file}`;
  Object.assign(shown, { address, requests: [], troubles: [] });
  await shown.page.goto(address);
  const close = async (): Promise<void> => {
    if (!isUsual) return shown.page.context().close();
    // So that what the file still does is not taken for the next one's.
    await shown.page.goto('about:blank');
    idle.push(shown);
  };
  return { ...shown, [Symbol.asyncDispose]: close };
}

async function newPage(options: BrowserContextOptions, before?: () => void): Promise<Shown> {
  assert.ok(browser !== undefined);
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
  await context.setOffline(true);
  if (before !== undefined) await context.addInitScript(before);
  const page = await context.newPage();
  const shown: Shown = { page, address: '', requests: [], troubles: [] };
  page.on('request', (request) => {
    if (request.url() !== shown.address) shown.requests.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') shown.troubles.push(message.text());
  });
  page.on('pageerror', (error) => shown.troubles.push(String(error)));
  page.on('dialog', (dialog) => {
    shown.troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return shown;
}

/** The verdict, once there is one. */
export async function verdictOf(page: Page): Promise<string> {
  await page.waitForSelector('html[data-verdict]');
  return page.innerText('#verdict');
}
