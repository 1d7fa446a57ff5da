import { TallystickError } from '../../errors.ts';
import { FORMAT, LIMITS } from '../../evidence/mod.ts';
import { pageAround, readEvidenceFile, verifyEvidenceFile } from '../file.ts';
import { readTrust, type TrustItem, trustName, trustOptions } from '../trust.ts';
import { button, h, list, shown } from './dom.ts';
import { type Banner, bannerOf, showReport } from './report.ts';

/**
 * The script of the verifier's page. All that the page shows of evidence is made here, from the report over the bytes
 * that were verified.
 */

const [verdict, said, found, main] = [place('verdict'), place('said'), place('found'), place('main')];
const items: TrustItem[] = [];
/** The evidence: that of the page itself, or a file that was dropped. */
let evidence: Uint8Array | string = document.getElementById('evidence')?.textContent ?? '';
/** This page as it was before anything was shown on it, to know another one by; null where it has evidence of its own. */
const untouched = evidence === '' ? elementsOf(document) : null;
/** Of runs under way only the last is shown. */
let latest = 0;

const results = h('div', {});
const given = h('div', { 'aria-live': 'polite' });
const trouble = h('p', { class: 'bad-text', role: 'alert' });
const around = h('p', {});
const trustText = h('textarea', { id: 'trust-text', spellcheck: 'false', autocomplete: 'off' });
const complete = h('input', { id: 'complete', type: 'checkbox' });
complete.addEventListener('change', () => {
  if (evidence !== '') void verify();
});

main.replaceChildren(...(evidence === '' ? [dropArea()] : []), results, trustForm());
listenForFiles();
if (evidence === '') sayEmpty();
else await verify();

function place(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new TypeError(`the page has no ${id}`);
  return element;
}

/** Only what is in it changes, not the element: what was not there before is not spoken by screen readers. */
function say(what: Banner): void {
  document.title = what.title;
  verdict.className = `verdict ${what.tone}`;
  said.replaceChildren(...what.said);
  found.replaceChildren(...what.found);
}

/** A headline, and what it means. */
function sayBriefly(tone: Banner['tone'], title: string, headline: string, ...words: string[]): void {
  say({ tone, title, said: [h('h1', {}, headline), ...words.map((text) => h('p', {}, text))], found: [] });
}

function sayEmpty(): void {
  sayBriefly(
    'open',
    'Verify evidence',
    'No evidence yet',
    'Choose an evidence file, or drop it anywhere on this page. Nothing of it leaves this computer.',
  );
}

async function verify(): Promise<void> {
  const run = ++latest;
  if (globalThis.crypto?.subtle === undefined) {
    return fail('This browser gives the page no cryptography: open the file from disk, or over HTTPS.');
  }
  sayBriefly('open', 'Evidence: not verified', 'Verifying …');
  // So that it is seen: much evidence takes a while, and nothing else is done meanwhile.
  await new Promise((resolve) => setTimeout(resolve));
  try {
    const started = performance.now();
    const { report, page } = await verifyEvidenceFile(evidence, {
      ...trustOptions(items),
      complete: complete.checked,
    });
    if (run !== latest) return;
    say(bannerOf(report));
    results.replaceChildren(...showReport(report));
    if (page !== null && untouched !== null) {
      const isSame = isThisPage(evidence);
      around.className = isSame ? 'soft' : 'warn-text';
      around.textContent = isSame
        ? `The file was a page itself: the same as this one (SHA-256 ${page}).`
        : `The file was a page itself, and not the same as this one: without its evidence it has SHA-256 ${page}. What it shows when it is opened was not looked at.`;
      results.prepend(around);
    }
    results.append(h('div', { class: 'actions' }, button('Save the evidence as JSON', save)));
    performance.measure('verified', { start: started });
    document.documentElement.dataset.verdict = report.verdict;
  } catch (error) {
    if (run === latest) fail(`It could not be verified here: ${(error as Error)?.message ?? error}`);
  }
}

/** Whether a file is this very page with evidence in it: element by element, for a page can't read its own bytes. */
function isThisPage(file: Uint8Array | string): boolean {
  const page = pageAround(file);
  // What is parsed so neither runs nor asks for anything.
  return page !== null && elementsOf(new DOMParser().parseFromString(page, 'text/html')) === untouched;
}

function elementsOf({ doctype, documentElement }: Document): string {
  return `${doctype?.name ?? ''}\n${documentElement.outerHTML}`;
}

function fail(message: string): void {
  sayBriefly(
    'bad',
    'Evidence: not verified',
    'Nothing could be verified',
    shown(message),
    'A newer browser may be able to, or the command “tallystick evidence verify” with the file.',
  );
  results.replaceChildren();
  document.documentElement.dataset.verdict = 'error';
}

function dropArea(): HTMLElement {
  const file = fileInput('evidence-file', (bytes) => {
    evidence = bytes;
    return verify();
  });
  return h(
    'section',
    { class: 'drop', 'aria-label': 'Evidence file' },
    h('label', { for: 'evidence-file' }, 'Evidence file, JSON or HTML'),
    file,
  );
}

function trustForm(): HTMLElement {
  const add = button('Verify with it', () => {
    void addTrust(trustText.value).then((isGood) => {
      if (isGood) trustText.value = '';
    });
  });
  const file = fileInput('trust-file', (bytes) => addTrust(bytes));
  return h(
    'section',
    { class: 'card trust-form', 'aria-labelledby': 'trust' },
    h('h2', { id: 'trust', tabindex: '-1' }, 'Stand on something better'),
    h(
      'p',
      {},
      'A pin or a key that you have from elsewhere, a policy of witnesses, or the root certificate of a time stamp authority. Paste it, choose its file, or drop it on this page.',
    ),
    h('label', { for: 'trust-text' }, 'Pin, keys or policy as text'),
    trustText,
    h('div', { class: 'actions' }, add),
    h('label', { for: 'trust-file' }, 'As a file'),
    file,
    h('label', { for: 'complete' }, complete, ' Demand proof that nothing was left out'),
    trouble,
    given,
  );
}

async function addTrust(from: Uint8Array | string): Promise<boolean> {
  trouble.textContent = '';
  try {
    const item = readTrust(from);
    // What can't count together is not taken.
    trustOptions([...items, item]);
    items.push(item);
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    trouble.textContent = shown(error.message);
    return false;
  }
  showGiven();
  if (evidence !== '') await verify();
  return true;
}

function showGiven(): void {
  const names = items.map((item, i) =>
    h(
      'span',
      {},
      shown(trustName(item)),
      ' ',
      button(
        'Remove',
        () => {
          items.splice(i, 1);
          showGiven();
          trustText.focus();
          if (evidence !== '') void verify();
        },
        { class: 'plain', 'aria-label': `Remove ${shown(trustName(item))}` },
      ),
    ),
  );
  given.replaceChildren(...(names.length === 0 ? [] : [h('h3', {}, 'Given by you'), list(names)]));
}

function fileInput(id: string, take: (bytes: Uint8Array) => Promise<unknown>): HTMLInputElement {
  const input = h('input', { id, type: 'file' });
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file !== undefined) void readFile(file).then((bytes) => (bytes === null ? undefined : take(bytes)));
    input.value = '';
  });
  return input;
}

async function readFile(file: File): Promise<Uint8Array | null> {
  if (file.size > 2 * LIMITS.bytes) {
    trouble.textContent = `${shown(file.name)} is larger than any evidence.`;
    return null;
  }
  return new Uint8Array(await file.arrayBuffer());
}

function listenForFiles(): void {
  addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('dragging');
  });
  addEventListener('dragleave', () => document.body.classList.remove('dragging'));
  addEventListener('drop', (event) => {
    event.preventDefault();
    document.body.classList.remove('dragging');
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    void readFile(file).then((bytes) => (bytes === null ? undefined : takeDropped(bytes)));
  });
}

/** Evidence, where the page has none of its own, or something to stand on: told by its form. */
async function takeDropped(bytes: Uint8Array): Promise<void> {
  try {
    readTrust(bytes);
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    if (readEvidenceFile(bytes)?.json.includes(FORMAT) === true) {
      const isOwn = document.getElementById('evidence')?.textContent !== '';
      if (!isOwn) evidence = bytes;
      else trouble.textContent = 'This page has evidence of its own: open the other file by itself.';
      return isOwn ? undefined : verify();
    }
  }
  await addTrust(bytes);
}

/** The same evidence for other verifiers. */
function save(): void {
  const json = readEvidenceFile(evidence)?.json ?? '';
  const address = URL.createObjectURL(new Blob([json], { type: 'application/json' }));
  h('a', { href: address, download: 'evidence.json' }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
