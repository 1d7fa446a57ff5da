import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Firefox (Debian package `firefox-esr`), spoken to in WebDriver BiDi (w3.org/TR/webdriver-bidi) with nothing in between. */

const PLACES = [process.env.FIREFOX ?? '', '/usr/bin/firefox-esr', '/usr/bin/firefox'];
const found = PLACES.find((file) => file !== '' && existsSync(file));

/** Why tests with it cannot run here; undefined when they can. */
export const missing: string | undefined =
  found === undefined
    ? 'Firefox is not installed (Debian: apt-get install firefox-esr; elsewhere: FIREFOX=/path/to/it)'
    : undefined;
assert.ok(process.env.CI === undefined || missing === undefined, `needed here: ${missing}`);

/** It asks its makers for nothing, and every way to the network ends at a port that nobody listens on. */
const SETTINGS = {
  'browser.startup.page': 0,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.proxy.type': 1,
  ...{ 'network.proxy.http': '127.0.0.1', 'network.proxy.http_port': 9 },
  ...{ 'network.proxy.ssl': '127.0.0.1', 'network.proxy.ssl_port': 9 },
  'network.proxy.allow_hijacking_localhost': true,
};
const START_MS = 60_000;

// biome-ignore lint/suspicious/noExplicitAny: answers are of many shapes.
type Answer = any;

export class Firefox implements AsyncDisposable {
  /** Addresses that a page asked for since `open`; of files on the disk it tells nothing. */
  readonly requests: string[] = [];
  readonly #child: ChildProcess;
  readonly #profile: string = mkdtempSync(path.join(tmpdir(), 'tallystick-firefox-'));
  readonly #waiting: Map<number, PromiseWithResolvers<Answer>> = new Map();
  #socket: WebSocket | undefined;
  #context = '';
  #last = 0;

  private constructor() {
    const settings = Object.entries(SETTINGS).map(
      (each) => `user_pref(${each.map((v) => JSON.stringify(v))});`,
    );
    writeFileSync(path.join(this.#profile, 'user.js'), settings.join('\n'));
    const args = ['--headless', '--no-remote', '--profile', this.#profile, '--remote-debugging-port', '0'];
    const env = { ...process.env, HOME: this.#profile };
    this.#child = spawn(found as string, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  }

  static async start(): Promise<Firefox> {
    const firefox = new Firefox();
    try {
      await firefox.#connect();
    } catch (error) {
      await firefox[Symbol.asyncDispose]();
      throw error;
    }
    return firefox;
  }

  async #connect(): Promise<void> {
    this.#socket = new WebSocket(`${await this.#address()}/session`);
    this.#socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(data)));
    this.#socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Firefox is gone'));
    });
    await once(this.#socket, 'open');
    await this.#send('session.new', { capabilities: {} });
    this.#context = (await this.#send('browsingContext.getTree', {})).contexts[0].context;
    const events = ['network.beforeRequestSent'];
    await this.#send('session.subscribe', { events, contexts: [this.#context] });
  }

  /** It says on standard error where it listens. */
  async #address(): Promise<string> {
    let said = '';
    const deadline = AbortSignal.timeout(START_MS);
    for (;;) {
      const [part] = await once(this.#child.stderr as NonNullable<ChildProcess['stderr']>, 'data', {
        signal: deadline,
      });
      said += part;
      const address = /BiDi listening on (ws:\S+)\s/.exec(said)?.[1];
      if (address !== undefined) return address;
    }
  }

  #take(message: Answer): void {
    if (message.type === 'event') {
      const { url } = message.params.request;
      // It has a font of its own in such an address, which it loads with the first page.
      if (!url.startsWith('data:')) this.requests.push(url);
    } else if (message.type === 'success') this.#waiting.get(message.id)?.resolve(message.result);
    else this.#waiting.get(message.id)?.reject(new Error(`${message.error}: ${message.message}`));
  }

  #send(method: string, params: object): Promise<Answer> {
    const id = ++this.#last;
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.set(id, waiting);
    this.#socket?.send(JSON.stringify({ id, method, params }));
    return waiting.promise;
  }

  /** Opens a page and waits until all that it asked for is there, or is refused. */
  async open(url: string): Promise<void> {
    this.requests.length = 0;
    await this.#send('browsingContext.navigate', { context: this.#context, url, wait: 'complete' });
  }

  /** Value of an expression in the page, a text, number or null; of a promise what it comes to. */
  async evaluate(expression: string): Promise<unknown> {
    const target = { context: this.#context };
    const { result } = await this.#send('script.evaluate', { expression, target, awaitPromise: true });
    return result?.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.close();
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await once(this.#child, 'exit');
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
