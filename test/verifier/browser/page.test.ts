import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { bundleVerifier } from '../../../scripts/verifier.ts';
import { formatPin } from '../../../src/checkpoint/mod.ts';
import type { Signer } from '../../../src/crypto/signer.ts';
import { formatEvidence, rangeOfTime } from '../../../src/evidence/mod.ts';
import type { AuditRecord } from '../../../src/record/mod.ts';
import { embedEvidence } from '../../../src/verifier/file.ts';
import { mlDsaSigner } from '../../checkpoint/signers.ts';
import { A, completeOf, edited, evidenceOf, sealedBy, withContent } from '../../evidence/fixture.ts';
import { BuiltLog, entryOf, makeRecord, START, VKEY } from '../../verify/built-log.ts';
import { missing, open, verdictOf, withBrowser } from './chromium.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tallystick-page-'));
let html = '';

function saved(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('the page, opened from disk without a network', { skip: missing ?? false }, () => {
  withBrowser();
  before(async () => {
    html = (await bundleVerifier()).html;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('says verified, what it checked, what not and on whose keys, and asks for nothing', async () => {
    const { text } = await evidenceOf(await withContent(), [7, 50, 299]);
    await using opened = await open(saved('good.html', embedEvidence(html, text)));
    const { page, requests, troubles } = opened;
    const verdict = await verdictOf(page);
    assert.match(verdict, /^Verified: 3 records are as sealed/);
    assert.match(verdict, /keys that the file itself names/);
    assert.match(verdict, /other records may exist/);
    const shown = await page.innerText('main');
    assert.match(shown, /4 records, up to the signed root/);
    assert.match(shown, /an outside anchor/);
    assert.match(shown, /whose keys they are/);
    assert.ok(shown.includes(VKEY));
    await page.getByRole('button', { name: 'Details of record 50' }).click();
    assert.match(await page.innerText('tr.detail'), /content of 50/);
    assert.match(await page.innerText('tr.detail'), /UTC \(here .*GMT\+02/);
    assert.deepEqual([requests, troubles], [[], []]);
  });

  test('a file that asks for something, or fails, is noticed; the next in that page is not', async () => {
    const asked = 'https://tallystick.invalid/picture';
    const asking = `<!doctype html><img src="${asked}"><script>throw new Error('failed')</script>`;
    {
      await using opened = await open(saved('asking.html', asking));
      assert.deepEqual(opened.requests, [asked]);
      assert.ok(opened.troubles.some((trouble) => trouble.includes('failed')));
    }
    await using opened = await open(saved('quiet.html', '<!doctype html>'));
    assert.deepEqual([opened.requests, opened.troubles], [[], []]);
  });

  test('stands on a pin or a key that is pasted, and fails on a pin of another log', async () => {
    const log = await BuiltLog.build(40);
    const { text } = await evidenceOf(log, [7]);
    const file = saved('pinned.html', embedEvidence(html, text));
    for (const [given, words] of [
      [formatPin(log.pin()), /stands on a pin that you gave/],
      [VKEY, /stands on a key that you gave/],
      [formatPin({ ...log.pin(), savedAt: 5 }), /stands on a pin/],
    ] as const) {
      await using opened = await open(file);
      await verdictOf(opened.page);
      await paste(opened.page, given);
      assert.match(await verdictWith(opened.page, words), /^Verified/);
    }
    const other = await BuiltLog.build(40, 100, undefined, (seq) => makeRecord(seq, { event: 'OTHER' }));
    await using opened = await open(file);
    await verdictOf(opened.page);
    await paste(opened.page, formatPin(log.pin()));
    await verdictWith(opened.page, /stands on a pin/);
    // Beside one that it agrees with, too.
    await paste(opened.page, formatPin(other.pin()));
    assert.match(await verdictWith(opened.page, /split-view/), /^Not verified/);
    await paste(opened.page, 'nonsense');
    await opened.page.waitForFunction(() => document.querySelector('[role=alert]')?.textContent !== '');
    assert.match(await opened.page.innerText('[role=alert]'), /not a pin, a verifier key/);
    await paste(opened.page, 'quorum none\n');
    await opened.page.getByText('policy of 0 witnesses').waitFor();
    await paste(opened.page, 'quorum none\n');
    await opened.page.getByText('two policies were given: which one counts?').waitFor();
  });

  test('with one byte changed says what is wrong and where', async () => {
    const { text } = await evidenceOf(await BuiltLog.build(300), [7, 299]);
    const range = { from: 5, to: 9, since: null, until: null };
    const gaps = edited(text, ({ logs: [it] }) => (it.range = range));
    const good = embedEvidence(html, text);
    const inRecord = good.replace('\\"event\\":\\"EVENT_7\\"', '\\"event\\":\\"EVENT_8\\"');
    assert.notEqual(inRecord, good);
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['record.html', inRecord, /^Not verified[\s\S]*altered: record 7: its bytes/],
      [
        'root.html',
        good.replace(/(\\n300\\n)(.)/, (_, a, b) => a + (b === 'A' ? 'B' : 'A')),
        /coverage-ends: records 0 to 299: none of the 3 records leads to the root/,
      ],
      ['gaps.html', embedEvidence(html, gaps), /missing: records 5 to 6: sealed, but not there/],
      ['form.html', good.replace('"matches":[7', '"matches":[8'), /bad-evidence: .*logs\[0\]\.matches\[0\]/],
    ];
    for (const [name, changed, words] of cases) {
      await using opened = await open(saved(name, changed));
      assert.match(await verdictOf(opened.page), words, name);
      assert.match(await opened.page.title(), /^Evidence: Not verified/);
      if (changed !== inRecord) continue;
      // The row says so too.
      assert.match(await opened.page.innerText('tr:has(th:text-is("7"))'), /✗ altered/);
    }
  });

  test('with its script changed, or scripts off, says that nothing is verified', async () => {
    const { text } = await evidenceOf(await BuiltLog.build(20), [7]);
    const good = embedEvidence(html, text);
    const at = good.indexOf('<script type="module">') + 30_000;
    const changed = `${good.slice(0, at)} ${good.slice(at)}`;
    {
      await using opened = await open(saved('script.html', changed));
      await opened.page.waitForTimeout(300);
      assert.match(await opened.page.innerText('#verdict'), /Nothing has been verified/);
      assert.equal(await opened.page.innerText('main'), '');
    }
    await using opened = await open(saved('off.html', good), { javaScriptEnabled: false });
    assert.match(await opened.page.innerText('body'), /Nothing has been verified/);
    assert.doesNotMatch(await opened.page.innerText('body'), /EVENT_7/);
  });

  test('records with hostile content are shown as text', async () => {
    const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202etxt.exe\u2066 \u0007`;
    const more: Partial<AuditRecord> = {
      event: 'SIGN',
      reason: hostile,
      actor: { name: hostile, ip: 'javascript:alert(3)' },
      correlation: '{{alert(4)}} javascript:alert(5)',
      details: {
        [hostile]: hostile,
        '<!--<script>': 'x'.repeat(7_000),
        __proto__x: '</style><style>*{display:none}',
      },
      raw: { text: `${hostile}\n<svg onload=alert(6)>\n` },
    };
    const log = new BuiltLog();
    await log.append(Array.from({ length: 3 }, (_, seq) => entryOf(makeRecord(seq, seq === 1 ? more : {}))));
    const { text } = await evidenceOf(log, [1], {}, { by: hostile });
    await using opened = await open(saved('hostile.html', embedEvidence(html, text)));
    const { page, requests, troubles } = opened;
    assert.match(await verdictOf(page), /^Verified/);
    await page.getByRole('button', { name: 'Open all' }).first().click();
    const detail = await page.innerText('tr.detail');
    assert.ok(
      detail.includes(
        '</script><script>alert(1)</script><img src=x onerror=alert(2)>\\u{202e}txt.exe\\u{2066} \\x07',
      ),
    );
    assert.equal(await page.locator('img, svg, iframe, object, tr a').count(), 0);
    assert.equal(await page.locator('script').count(), 2);
    assert.deepEqual([requests, troubles], [[], []]);
  });

  test('a huge value does not hold the page up', async () => {
    const log = await withContent();
    const { evidence } = await evidenceOf(log, [50]);
    const [only] = evidence.logs;
    assert.ok(only !== undefined);
    // The content is not the sealed one, so that the file needs no log with so much in it.
    const records = only.records.map((each) =>
      each.seq === 50
        ? { ...each, payloads: [{ salt: new Uint8Array(16), content: `"${'m'.repeat(5_000_000)}"` }] }
        : each,
    );
    const text = formatEvidence({ ...evidence, logs: [{ ...only, records }] });
    await using opened = await open(saved('huge.html', embedEvidence(html, text)));
    assert.match(await verdictOf(opened.page), /payload-altered: record 50/);
  });

  test('a range that is complete says so, and one with a match left out says which', async () => {
    const log = await BuiltLog.build(60);
    const opened = (text: string) => open(saved('complete.html', embedEvidence(html, text)));
    const { text } = await completeOf(log, [30, 50], 'event:EVENT_3', { searched: 60 });
    {
      await using good = await opened(text);
      assert.match(
        await verdictOf(good.page),
        /Complete: the query was run again over records 30 to 49 of \d+; it finds 2/,
      );
      assert.match(await good.page.innerText('main'), /Answered\s+over the first 60 records of node-1/);
      await good.page.getByLabel('Demand proof that nothing was left out').check();
      assert.match(await verdictWith(good.page, /Complete/), /^Verified/);
    }
    const range = await rangeOfTime(log, START + 30_000, null);
    {
      await using ofTime = await opened((await evidenceOf(log, null, { range }, { query: '' })).text);
      await verdictOf(ofTime.page);
      assert.match(
        await ofTime.page.innerText('main'),
        /what the log took from [\d-]+ [\d:.]+ UTC to the newest/,
      );
    }
    {
      await using some = await opened((await evidenceOf(log, [7])).text);
      assert.match(await verdictOf(some.page), /^Verified/);
      await some.page.getByLabel('Demand proof that nothing was left out').check();
      assert.match(await verdictWith(some.page, /not-complete/), /^Not verified/);
    }
    await using bad = await opened(edited(text, ({ logs: [it] }) => it.matches.pop()));
    assert.match(await verdictOf(bad.page), /left-out: record 43/);
  });

  test('a browser that does not know ML-DSA says what it did not check', async () => {
    const pq = mlDsaSigner('pq');
    const file = async (name: string, signers: readonly Signer[]): Promise<string> => {
      const log = await sealedBy([{ records: 20, by: signers }], signers);
      return saved(name, embedEvidence(html, (await evidenceOf(log, [7])).text));
    };
    const unchecked = /signatures of test-0a1b2c3d\/node-1\+[0-9a-f]{8}: this platform cannot check/;
    await using opened = await open(await file('both.html', [A, pq]), {}, withoutMlDsa);
    const { page } = opened;
    assert.match(await verdictOf(page), /^Verified/);
    assert.match(await page.innerText('main'), unchecked);
    await page.goto(`file://${await file('alone.html', [pq])}`);
    assert.match(
      await verdictOf(page),
      /^Nothing could be verified\s+It could not be verified here: .*cannot check/,
    );
    assert.doesNotMatch(await page.innerText('main'), unchecked);
  });

  test('on paper every record is there in full', async () => {
    const { text } = await evidenceOf(await BuiltLog.build(40), [7, 8, 9]);
    await using opened = await open(saved('paper.html', embedEvidence(html, text)));
    await verdictOf(opened.page);
    assert.equal(await opened.page.locator('tr.detail').count(), 0);
    await opened.page.pdf();
    assert.equal(await opened.page.locator('tr.detail').count(), 4);
  });

  test('on paper, on a phone and enlarged nothing is cut off, and seals are in sight', async () => {
    const long = { actor: { name: 'n'.repeat(2_000) }, event: 'LONG'.repeat(25), system: 's'.repeat(32) };
    const log = await BuiltLog.build(40, 100, undefined, (seq) => makeRecord(seq, seq === 8 ? long : {}));
    const { text } = await evidenceOf(log, [7, 8]);
    await using opened = await open(saved('narrow.html', embedEvidence(html, text)), {
      viewport: { width: 700, height: 900 },
    });
    const { page } = opened;
    await verdictOf(page);
    await page.getByRole('button', { name: 'Open all' }).first().click();
    await page.getByRole('button', { name: 'Open all' }).last().click();
    for (const [media, width] of [
      ['print', 700],
      ['screen', 320],
      ['screen', 640],
      ['screen', 1100],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ media });
      assert.deepEqual(await page.evaluate(cutOff), [], `${media} ${width}`);
      assert.equal(await page.getByRole('cell', { name: '✓ verified', exact: true }).count(), 3);
      assert.equal(await page.getByRole('rowheader').count(), 3);
      // Its name in the row is short; the details have all of it.
      const [inRow, whole] = [page.getByText(/^n{200} …$/), page.getByText(/^n{2000}$/)];
      assert.deepEqual([await inRow.count(), await whole.count()], [1, 1]);
    }
  });

  test('of 1,001 records it shows 1,000, then goes on; below 2 MB, and how fast is told', async (t) => {
    const log = await BuiltLog.build(1_500, 500, undefined, signed);
    const matches = Array.from({ length: 1_001 }, (_, i) => i + 300);
    const { text } = await evidenceOf(log, matches);
    const file = embedEvidence(html, text);
    const bytes = Buffer.byteLength(file);
    await using opened = await open(saved('many.html', file));
    const { page } = opened;
    assert.match(await verdictOf(page), /^Verified: 1,001 records/);
    const [verified, shown] = await page.evaluate(() => {
      const [measure] = performance.getEntriesByName('verified');
      const duration = measure?.duration ?? Number.NaN;
      return [duration, (measure?.startTime ?? Number.NaN) + duration] as const;
    });
    t.diagnostic(
      `1,001 records: ${bytes} bytes; verified and shown in ${verified.toFixed()} ms, ${shown.toFixed()} ms after the page was opened`,
    );
    assert.ok(bytes < 2_000_000, `${bytes} bytes`);
    const records = page.getByRole('region', { name: 'Records', exact: true });
    assert.equal(await records.locator('caption').innerText(), 'The first 1,000 of 1,001 records');
    await records.getByRole('button', { name: 'Show more (1)' }).click();
    assert.equal(await records.locator('caption').innerText(), '1,001 records');
    assert.equal(
      await page.evaluate(() => document.activeElement?.getAttribute('aria-label')),
      'Details of record 1300',
    );
  });

  test('takes what is dropped for what it is', async () => {
    const log = await BuiltLog.build(40);
    const { text } = await evidenceOf(log, [7]);
    await using alone = await open(saved('dropped.html', html));
    await drop(alone.page, 'evidence.json', text);
    assert.match(await verdictWith(alone.page, /Verified|wrong/), /^Verified: 1 record/);
    await drop(alone.page, 'pin.json', formatPin(log.pin()));
    assert.match(await verdictWith(alone.page, /a pin that you gave/), /^Verified/);
    await using own = await open(saved('own.html', embedEvidence(html, text)));
    await verdictOf(own.page);
    await drop(own.page, 'other.json', text);
    await own.page.getByText('This page has evidence of its own').waitFor();
    assert.deepEqual([alone.troubles, own.troubles], [[], []]);
  });

  test("the verifier's own page takes evidence in either form, and everything by keyboard", async () => {
    const log = await BuiltLog.build(40);
    const { text } = await evidenceOf(log, [7]);
    const files = [saved('alone.json', text), saved('alone.html', embedEvidence(html, text))];
    await using opened = await open(saved('tallystick-verify.html', html));
    const { page, troubles } = opened;
    assert.match(await page.innerText('#verdict'), /No evidence yet/);
    const [box, area] = await Promise.all(['#verdict', '.drop'].map((at) => page.locator(at).boundingBox()));
    assert.ok(box && area && area.y - (box.y + box.height) >= 8, 'the verdict and the drop area stand apart');
    for (const file of files) {
      await page.evaluate(() => delete document.documentElement.dataset.verdict);
      await page.setInputFiles('#evidence-file', file);
      assert.match(await verdictOf(page), /^Verified: 1 record is as sealed/);
    }
    assert.match(
      await page.innerText('main'),
      /a page itself: the same as this one \(SHA-256 [0-9a-f]{64}\)/,
    );
    for (const [from, to] of [
      ['records with their proof', 'trust me'],
      ['<main id="main">', '<!-- a remark --><main id="main">'],
    ] as const) {
      const altered = embedEvidence(html, text).replace(from, to);
      await page.evaluate(() => delete document.documentElement.dataset.verdict);
      await page.setInputFiles('#evidence-file', saved('altered-page.html', altered));
      assert.match(await verdictOf(page), /^Verified: 1 record is as sealed/);
      assert.match(await page.innerText('main'), /a page itself, and not the same as this one/, from);
    }
    await page.evaluate(() => delete document.documentElement.dataset.verdict);
    await page.setInputFiles('#evidence-file', files[0] as string);
    await verdictOf(page);
    assert.doesNotMatch(await page.innerText('main'), /a page itself/);
    const reached: string[] = [];
    await page.locator('body').press('Home');
    for (let i = 0; i < 15; i++) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(
          () =>
            document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
        ),
      );
    }
    for (const name of ['Details of record 7', 'Open all', 'Save the evidence as JSON'])
      assert.ok(reached.includes(name), name);
    await page.getByRole('button', { name: 'Details of record 7' }).focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('tr.detail').count(), 1);
    assert.deepEqual(troubles, []);
  });

  test('landmarks, names and contrast, in both themes', async () => {
    const { text } = await evidenceOf(await BuiltLog.build(40), [7, 8]);
    const file = saved('themes.html', embedEvidence(html, text));
    await using opened = await open(file, { viewport: { width: 1200, height: 1400 } });
    const { page } = opened;
    await verdictOf(page);
    await page.getByRole('button', { name: 'Open all' }).first().click();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const role of ['banner', 'main', 'contentinfo'] as const)
        assert.equal(await page.getByRole(role).count(), 1, role);
      assert.equal(await page.locator('h1').count(), 1);
      assert.deepEqual(await page.evaluate(faint), [], colorScheme);
      const shots = process.env.TALLYSTICK_SCREENSHOTS;
      if (shots)
        await page.screenshot({ path: path.join(shots, `evidence-${colorScheme}.png`), fullPage: true });
    }
  });
});

/** A record of usual size. */
function signed(seq: number): AuditRecord {
  return makeRecord(seq, {
    ...(seq === 0
      ? {}
      : {
          event: 'PROCESS',
          module: 'WORKER',
          actor: { name: `CN=Client ${seq % 40}, O=Example` },
          details: {
            ARCHIVE_IDS: String(seq).padStart(40, 'a'),
            LOG_ID: `${seq}-abcdef`,
            WORKER_ID: '17',
            FILENAME: `release-${seq}.jar`,
          },
          raw: {
            text: `2026-10-05 09:00:02,284 INFO EVENT: PROCESS; MODULE: WORKER; ADMINISTRATOR: CN=Client ${seq % 40}; LOG_ID: ${seq}-abcdef; WORKER_ID: 17; FILENAME: release-${seq}.jar; OUTCOME: SUCCESS`,
          },
        }),
  });
}

async function drop(page: Page, name: string, text: string): Promise<void> {
  await page.evaluate(
    ([called, content]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content as string], called as string));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
    },
    [name, text],
  );
}

/** Runs in the page before its own script: as browsers are that have no ML-DSA yet. */
function withoutMlDsa(): void {
  const importKey = SubtleCrypto.prototype.importKey as (...args: unknown[]) => Promise<CryptoKey>;
  SubtleCrypto.prototype.importKey = function (this: SubtleCrypto, ...args: unknown[]): Promise<CryptoKey> {
    if (args[2] !== 'ML-DSA-44') return importKey.apply(this, args);
    return Promise.reject(new DOMException('unknown', 'NotSupportedError'));
  } as typeof SubtleCrypto.prototype.importKey;
}

async function paste(page: Page, text: string): Promise<void> {
  await page.fill('#trust-text', text);
  await page.getByRole('button', { name: 'Verify with it' }).click();
}

async function verdictWith(page: Page, words: RegExp): Promise<string> {
  await page.waitForFunction(
    (source) => new RegExp(source).test(document.getElementById('verdict')?.innerText ?? ''),
    words.source,
  );
  return page.innerText('#verdict');
}

/** What is wider than the page. Runs in the page. */
function cutOff(): string[] {
  const all = [...document.body.querySelectorAll('main *:not(thead *)')];
  return all
    .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth)
    .map((element) => `${element.tagName} ${element.textContent?.slice(0, 30)}`);
}

/** Texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2 AA). Runs in the page. */
function faint(): string[] {
  const parse = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string): number => {
    const [r = 0, g = 0, b = 0] = parse(color).map((c) =>
      c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element | null): string => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((parse(color)[3] ?? 1) > 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const found: string[] = [];
  for (const element of document.body.querySelectorAll('*')) {
    const hasText = [...element.childNodes].some(
      (node) => node.nodeType === 3 && node.textContent?.trim() !== '',
    );
    if (!hasText || element.tagName === 'SCRIPT') continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5)
      found.push(`${element.tagName} ${element.textContent?.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return found;
}
