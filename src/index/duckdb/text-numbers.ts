/** Of one generation: 4 MB, of which at most half is used. */
const SLOTS = 2 ** 18;
/** Of one generation, UTF-16 units of text: 8 MB. */
const UNITS = 2 ** 22;
/** A longer key is not remembered. */
const MAX_UNITS = 2 ** 16 - 1;
/** A key stands at most so far from its place: texts made to collide are forgotten, and delay nothing. */
const REACH = 16;
/** In place of the length of a text that is absent: none is so long. */
const ABSENT = 0xffff;

/** A slot: the key's hash, its number (0: the slot is free), where its units begin, how many there are. */
const WORDS = 4;
const [HASH, NUMBER, START, LENGTH] = [0, 1, 2, 3];

interface Generation {
  readonly slots: Int32Array;
  readonly units: Uint16Array;
  /** Units and slots that are used. */
  end: number;
  count: number;
}

/**
 * Remembers which number a key of one or more texts has. Within bounded memory (24 MB, that is touched as it is used):
 * when one generation is full it becomes the older one, and what is not used again goes with it. All of it is plain
 * numbers side by side, since keys by the hundred thousand in a Map cost most in memory that is far apart, and in what
 * the garbage collector has to move.
 */
export class TextNumbers {
  #recent: Generation = generation();
  #older: Generation | null = null;
  /** The key asked for: its units stand behind those that are used. */
  #length = 0;
  #hash = 0;

  /** Begins a key. */
  start(): void {
    const { end, count } = this.#recent;
    if (end + MAX_UNITS > UNITS || count >= SLOTS / 2) this.#age();
    this.#length = 0;
    this.#hash = 0;
  }

  /** Puts a text, or that there is none, behind those of the key. */
  put(text: string | undefined): void {
    const { units, end } = this.#recent;
    const length = text === undefined ? 0 : text.length;
    let at = end + this.#length;
    this.#length += 1 + length;
    if (this.#length > MAX_UNITS) return;
    // Its length in front of each, so that no two keys are alike.
    const mark = text === undefined ? ABSENT : length;
    units[at++] = mark;
    let hash = Math.imul(this.#hash ^ mark, PRIME);
    for (let i = 0; i < length; i++) {
      const unit = text!.charCodeAt(i);
      units[at++] = unit;
      hash = Math.imul(hash ^ unit, PRIME);
    }
    this.#hash = hash;
  }

  /** The number of the key, 0 when it has none or was forgotten. */
  find(): number {
    if (this.#length > MAX_UNITS) return 0;
    const found = this.#look(this.#recent);
    if (found !== 0 || this.#older === null) return found;
    const older = this.#look(this.#older);
    if (older !== 0) this.remember(older);
    return older;
  }

  /** Gives the key its number, above 0. */
  remember(number: number): void {
    if (this.#length > MAX_UNITS) return;
    const recent = this.#recent;
    const { slots } = recent;
    const first = place(this.#hash);
    let at = first;
    for (let i = 0; i < REACH && slots[at + NUMBER] !== 0; i++) at = next(at);
    if (slots[at + NUMBER] !== 0) at = first;
    slots[at + HASH] = this.#hash;
    slots[at + NUMBER] = number;
    slots[at + START] = recent.end;
    slots[at + LENGTH] = this.#length;
    recent.end += this.#length;
    recent.count++;
  }

  #look({ slots, units }: Generation): number {
    let at = place(this.#hash);
    for (let i = 0; i < REACH; i++, at = next(at)) {
      const number = slots[at + NUMBER]!;
      if (number === 0) return 0;
      if (slots[at + HASH] !== this.#hash || slots[at + LENGTH] !== this.#length) continue;
      if (this.#isKey(units, slots[at + START]!)) return number;
    }
    return 0;
  }

  #isKey(units: Uint16Array, start: number): boolean {
    const { units: key, end } = this.#recent;
    for (let i = 0; i < this.#length; i++) if (units[start + i] !== key[end + i]) return false;
    return true;
  }

  #age(): void {
    this.#older = this.#recent;
    this.#recent = generation();
  }
}

function generation(): Generation {
  return { slots: new Int32Array(WORDS * SLOTS), units: new Uint16Array(UNITS), end: 0, count: 0 };
}

/** FNV's; the upper bits of the hash, which all units have come to, say the place. */
const PRIME = 0x01000193;
const SHIFT = 32 - Math.log2(SLOTS);

function place(hash: number): number {
  return WORDS * (Math.imul(hash, 0x9e3779b1) >>> SHIFT);
}

function next(at: number): number {
  return (at + WORDS) % (WORDS * SLOTS);
}
