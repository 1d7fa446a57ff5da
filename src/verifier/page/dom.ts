import { safeLines, safeText } from '../../crypto/safe-text.ts';

/** Characters of one value that are shown; all of it is in the file. */
const MAX_SHOWN = 20_000;

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

function cut(text: string, inert: (part: string) => string): string {
  if (text.length <= MAX_SHOWN) return inert(text);
  const more = (text.length - MAX_SHOWN).toLocaleString('en-US');
  return `${inert(text.slice(0, MAX_SHOWN))} … and ${more} more characters, which are in the file`;
}

export function button(text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = h('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', act);
  return made;
}

export function list(items: readonly (Node | string)[]): HTMLUListElement {
  return h('ul', {}, ...items.map((item) => h('li', {}, item)));
}

/** A table of names and values. */
export function members(rows: readonly (readonly [string | Node, string | Node])[]): HTMLElement {
  return h(
    'table',
    { class: 'members' },
    h(
      'tbody',
      {},
      ...rows.map(([name, value]) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, value))),
    ),
  );
}
