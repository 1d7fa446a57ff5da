import { MAX_NATIVE_BYTES } from '../dialect.ts';
import { ByteBuffer, splitCharacter } from '../lines.ts';

/**
 * A piece of JSON text. `item`: an object, on its own or of a list. `frame`: what stands around a list, its
 * opening or its end. `rest`: white space, and what is none of these.
 */
export type PieceKind = 'item' | 'frame' | 'rest';

export interface Piece {
  readonly kind: PieceKind;
  readonly start: number;
  /** A view, valid only while the piece is being taken. */
  readonly bytes: Uint8Array;
  /** It reaches the end of the input without the end of a line, or of what it is. */
  readonly unterminated: boolean;
  /** It was cut at the size limit, or the input ended within it. */
  readonly truncated: boolean;
  /** It goes on where a piece was cut. */
  readonly continues: boolean;
}

export type TakePiece = (piece: Piece) => void;

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** The member that holds the list in an answer of the service. */
const ITEMS = [...'items'].map((char) => char.charCodeAt(0));

/**
 * Where the splitter stands: `between` items; in an `item`, which may turn out to be what opens a list; on
 * the line `behind` one; in what follows the list until its `end`; or in `garbage`.
 */
type State = 'between' | 'item' | 'behind' | 'end' | 'garbage';

/** A byte belongs to the piece, ends it, or belongs to the next. */
type Step = 'on' | 'last' | 'not';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Divides JSON text into the objects that are entries: those of a list (`[{…}, …]`), of the list in an answer
 * (`{"total": 2, "items": [{…}, …]}`), and those that follow one another, as in NDJSON. Pieces cover the
 * input; they depend on its bytes alone, not on how these were pushed. No piece is longer than
 * `MAX_NATIVE_BYTES`; time is linear. A line break within a string, which JSON does not allow, ends what it
 * stands in: reading goes on behind it.
 */
export class JsonSplitter {
  readonly #take: TakePiece;
  readonly #held = new ByteBuffer();
  #start: number;
  #state: State = 'between';
  #kind: PieceKind = 'rest';
  /** Within a list, and whether an object is around it. */
  #list = false;
  #inAnswer = false;
  #continues = false;
  /** Within the item or the end of the list: how deep, and whether in a string. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  #afterBreak = false;
  /**
   * How many characters of `items` the name at depth 1 has matched; -1 for another; 5 and 6 behind it and its
   * colon.
   */
  #matched = -1;

  /** `within`: whether the input goes on within a list, and one that an object is around. */
  constructor(take: TakePiece, offset: number, within: { readonly list: boolean; readonly answer: boolean }) {
    this.#take = take;
    this.#start = offset;
    this.#list = within.list;
    this.#inAnswer = within.answer;
  }

  push(bytes: Uint8Array): void {
    let from = 0;
    for (let at = 0; at < bytes.length; ) {
      const step = this.#step(bytes[at]!, this.#held.length + at - from);
      if (step !== 'not') at++;
      const full = this.#held.length + at - from >= MAX_NATIVE_BYTES;
      if (step === 'on' && !full) continue;
      this.#held.append(bytes.subarray(from, at));
      from = at;
      if (step === 'on') this.#cut();
      else this.#give();
    }
    this.#held.append(bytes.subarray(from));
  }

  end(): void {
    const truncated = this.#state === 'item';
    if (this.#held.length > 0) this.#pass(this.#held.view(), { unterminated: true, truncated });
  }

  #give(): void {
    // Nothing is left where a cut came just before.
    if (this.#held.length > 0) this.#pass(this.#held.view(), { unterminated: false, truncated: false });
    this.#held.drop(0);
    this.#continues = false;
    this.#kind = 'rest';
  }

  #cut(): void {
    if (this.#state === 'behind') {
      this.#state = 'between';
      this.#give();
      return;
    }
    const all = this.#held.view();
    const split = splitCharacter(all);
    const between = this.#state === 'between';
    // What was cut is no whole thing, however it ends.
    this.#kind = 'rest';
    this.#pass(all.subarray(0, all.length - split), { unterminated: false, truncated: !between });
    this.#continues = !between;
    this.#held.drop(split);
  }

  #pass(bytes: Uint8Array, how: Pick<Piece, 'unterminated' | 'truncated'>): void {
    const kind = this.#continues ? 'rest' : this.#kind;
    this.#take({ kind, start: this.#start, bytes, continues: this.#continues, ...how });
    this.#start += bytes.length;
  }

  /** `at`: how many bytes of the piece stand before this one. */
  #step(byte: number, at: number): Step {
    switch (this.#state) {
      case 'between':
        return this.#between(byte, at);
      case 'garbage':
        return this.#garbage(byte);
      case 'behind':
        return this.#behind(byte);
      default:
        return this.#inString ? this.#string(byte) : this.#structure(byte);
    }
  }

  #between(byte: number, at: number): Step {
    if (byte === LF) return this.#list ? 'on' : 'last';
    if (isBlank(byte) || (byte === COMMA && this.#list)) return 'on';
    if (byte === BYTE_ORDER_MARK[this.#start + at]) return 'on';
    if (byte === OPEN) this.#enter('item', 'item');
    else if (byte === OPEN_LIST) return this.#openList(false);
    else if (byte === CLOSE_LIST && this.#list) {
      this.#list = false;
      this.#enter(this.#inAnswer ? 'end' : 'behind', 'frame');
    } else this.#state = 'garbage';
    return 'on';
  }

  #openList(inAnswer: boolean): Step {
    this.#list = true;
    this.#inAnswer = inAnswer;
    this.#state = 'between';
    this.#kind = 'frame';
    return 'last';
  }

  #garbage(byte: number): Step {
    if (this.#list && (byte === OPEN || byte === CLOSE_LIST)) {
      this.#state = 'between';
      return 'not';
    }
    if (byte !== LF) return 'on';
    this.#state = 'between';
    return 'last';
  }

  /** To the end of the line; another item may begin before. */
  #behind(byte: number): Step {
    if (isBlank(byte) || byte === COMMA) return 'on';
    this.#state = 'between';
    return byte === LF ? 'last' : 'not';
  }

  #string(byte: number): Step {
    if (byte === LF) {
      this.#state = 'between';
      return 'last';
    }
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) {
      this.#escaped = true;
      this.#matched = -1;
    } else if (byte === QUOTE) {
      this.#inString = false;
      if (this.#matched !== ITEMS.length) this.#matched = -1;
    } else if (this.#matched >= 0) this.#matched = byte === ITEMS[this.#matched] ? this.#matched + 1 : -1;
    return 'on';
  }

  #structure(byte: number): Step {
    const afterBreak = this.#afterBreak;
    this.#afterBreak = byte === LF;
    if (byte === LF || isBlank(byte)) return 'on';
    // A line that was cut off; lines of a list have no such rule, since they may be laid out in any way.
    if (byte === OPEN && afterBreak && !this.#list && this.#state === 'item') {
      this.#state = 'between';
      return 'not';
    }
    const named = this.#matched;
    this.#matched = -1;
    if (byte === QUOTE) {
      this.#inString = true;
      if (this.#depth === 1 && this.#state === 'item') this.#matched = 0;
    } else if (byte === COLON) {
      if (named === ITEMS.length) this.#matched = ITEMS.length + 1;
    } else if (byte === OPEN_LIST && named === ITEMS.length + 1) return this.#openList(true);
    else if (byte === OPEN || byte === OPEN_LIST) this.#depth++;
    else if ((byte === CLOSE || byte === CLOSE_LIST) && --this.#depth === 0) {
      this.#state = this.#list ? 'between' : 'behind';
      return this.#list ? 'last' : 'on';
    }
    return 'on';
  }

  #enter(state: State, kind: PieceKind): void {
    this.#state = state;
    this.#kind = kind;
    this.#depth = 1;
    this.#inString = false;
    this.#escaped = false;
    this.#afterBreak = false;
    this.#matched = -1;
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
