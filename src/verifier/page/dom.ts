import { safeLines, safeText } from '../../crypto/safe-text.ts';

/** Characters of one value that are shown; all of it is in the file. */
const MAX_SHOWN = 20_000;
/** In a row of a table, whose details have more of it. */
const MAX_BRIEF = 200;

type Attributes = Readonly<Record<string, string>>;

/** An element. Texts become text nodes: nothing that is shown is ever read as markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Text of the file's, on one line, with what could deceive shown as an escape. */
export function shown(text: string): string {
  return cut(text, safeText);
}

/** As `shown`, with its lines. */
export function shownLines(text: string): string {
  return cut(text, (part) => safeLines(part).join('\n'));
}

/** As `shown`, in few characters: one long name must not push all others off the screen. */
export function brief(text: string): string {
  const inert = safeText(head(text, MAX_BRIEF));
  const isWhole = text.length <= MAX_BRIEF && inert.length <= MAX_BRIEF;
  return isWhole ? inert : `${head(inert, MAX_BRIEF)} …`;
}

function cut(text: string, inert: (part: string) => string): string {
  if (text.length <= MAX_SHOWN) return inert(text);
  const part = head(text, MAX_SHOWN);
  const more = (text.length - part.length).toLocaleString('en-US');
  return `${inert(part)} … and ${more} more characters, which are in the file`;
}

/** The first characters; a surrogate pair is not split, for its half would be shown as an escape that is not in the text. */
function head(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

export function button(text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = h('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', act);
  return made;
}

export function list(items: readonly (Node | string)[]): HTMLUListElement {
  return h('ul', {}, ...items.map((item) => h('li', {}, item)));
}

/** Names and values. */
export function members(rows: readonly (readonly [string | Node, string | Node])[]): HTMLElement {
  const pairs = rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)));
  return h('dl', { class: 'members' }, ...pairs);
}
