import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundleVerifier } from '../../../scripts/verifier.ts';
import { embedEvidence } from '../../../src/verifier/file.ts';
import { evidenceOf, withContent } from '../../evidence/fixture.ts';
import { Firefox, missing } from './firefox.ts';

/** What the page says once it has come to a verdict. */
const VERDICT = `new Promise((resolve) => {
  const look = () => document.documentElement.dataset.verdict === undefined
    ? setTimeout(look, 10)
    : resolve(document.getElementById('verdict').innerText);
  look();
})`;

test('in Firefox, too, the page says verified, or what is wrong and where, and asks for nothing', {
  skip: missing ?? false,
  timeout: 120_000,
}, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tallystick-page-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const saved = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return pathToFileURL(file).href;
  };
  const { html } = await bundleVerifier();
  const good = embedEvidence(html, (await evidenceOf(await withContent(), [7, 50, 299])).text);
  const bad = good.replace('\\"event\\":\\"EVENT_7\\"', '\\"event\\":\\"EVENT_8\\"');
  const firefox = await Firefox.start();
  t.after(() => firefox[Symbol.asyncDispose]());
  for (const [address, words] of [
    [saved('good.html', good), /^Verified: 3 records are as sealed/],
    [saved('bad.html', bad), /^Not verified: 1 thing is wrong\s+altered: record 7: its bytes/],
  ] as const) {
    await firefox.open(address);
    assert.match(String(await firefox.evaluate(VERDICT)), words);
    assert.deepEqual(firefox.requests, []);
  }
  // A page that does ask is noticed.
  const asked = 'https://tallystick.invalid/picture';
  await firefox.open(saved('asking.html', `<!doctype html><img src="${asked}">`));
  assert.deepEqual(firefox.requests, [asked]);
});
