import { findCatalog } from '../../catalog/builtin.ts';
import type { EventInfo } from '../../catalog/catalog.ts';
import type { Json, Outcome, RecordDraft } from '../../record/types.ts';
import { isReference } from '../../record/validate.ts';
import { MAX_NATIVE_BYTES, type Printed, type Printer, type PrinterOptions } from '../dialect.ts';
import type { PrintFlag } from '../flags.ts';
import { CARRIER, encode, encodeField, isPlain } from './encoded.ts';
import { isFieldName } from './fields.ts';
import { firstTold, isAbsent, MAIN_THREAD, MEMBERS, NULL, OUTCOMES } from './members.ts';
import { readDate } from './prefix.ts';
import { orderOf, SIGNATURE, textOf } from './texts.ts';

/** Longer parts of a line than these stand in fields, which can be left out when the line gets too long. */
const MAX_PART = 16 * 1024;
const MAX_DATE = 64;

/** Members that a line cannot tell. */
const NO_PLACE = [
  'module',
  'service',
  'component',
  'correlation',
  'signature',
  'objects',
  'refs',
  'upstream',
] as const;

/** Writes lines as the server of today does, in English and with a zone that means one offset everywhere. */
export class DogtagPrinter implements Printer {
  readonly head = '';
  readonly #zone: number;

  constructor({ zone = 0 }: PrinterOptions = {}) {
    this.#zone = zone;
  }

  print(record: RecordDraft): Printed {
    return new Line(record, this.#zone).print();
  }
}

/** One value of a field, and whether it has to be written in encoded form to be read as what it is. */
interface Value {
  readonly value: string;
  readonly encoded: boolean;
}

class Line {
  readonly #record: RecordDraft;
  readonly #zone: number;
  readonly #info: EventInfo | null;
  readonly #flags = new Set<PrintFlag>();
  /** What is still to be written as fields. */
  readonly #details: Map<string, readonly string[]>;
  /** The fields of the line by name, each with its values. */
  readonly #fields = new Map<string, Value[]>();

  constructor(record: RecordDraft, zone: number) {
    this.#record = record;
    this.#zone = zone;
    this.#info = findCatalog('dogtag')!.find(record.event);
    this.#details = this.#texts();
  }

  print(): Printed {
    const { event, outcome, system } = this.#record;
    if (system !== 'dogtag') this.#flags.add('other-system');
    if (this.#info === null) this.#flags.add('foreign-event');
    const thread = this.#take('thread', isThread) ?? MAIN_THREAD;
    const date = this.#date();
    const text = this.#text();
    this.#placeSubject();
    this.#placeOutcome(outcome);
    const carried: string[] = [];
    for (const [name, values] of [...this.#details].sort(([a], [b]) => byCodePoint(a, b))) {
      if (isFieldName(name) && !MEMBERS.has(name) && name !== CARRIER)
        this.#fields.set(
          name,
          values.map((value) => ({ value, encoded: !isPlain(value) })),
        );
      else carried.push(...values.map((value) => `[${CARRIER}=${encodeField(name, value)}]`));
    }
    if (carried.length > 0) this.#flags.add('escaped');
    this.#placeMembers();
    const start = `${thread} - [${date}] [14] [6] ${this.#field('AuditEvent', plain(event))}`;
    const end = text === '' ? '\n' : ` ${text}\n`;
    return { text: this.#fit(start, [...this.#ordered(), ...carried], end), flags: [...this.#flags] };
  }

  /** Details as texts. A list of texts stands in as many fields of one name. */
  #texts(): Map<string, readonly string[]> {
    const out = new Map<string, readonly string[]>();
    const { details = {} } = this.#record;
    if (isReference(details)) {
      this.#flags.add('no-place');
      return out;
    }
    for (const [name, value] of Object.entries(details as { readonly [name: string]: Json })) {
      const list = Array.isArray(value) && value.length > 0 ? (value as readonly Json[]) : [value];
      if (list.length === 1 && typeof value !== 'string') this.#flags.add('retyped');
      out.set(
        name,
        list.map((one) => this.#textOf(one)),
      );
    }
    return out;
  }

  #textOf(value: Json): string {
    if (typeof value === 'string') return value;
    this.#flags.add('retyped');
    return value === null ? NULL : JSON.stringify(value);
  }

  /** Removes and gives a detail with one value, when that passes. */
  #take(name: string, passes: (value: string) => boolean): string | undefined {
    const values = this.#details.get(name);
    if (values?.length !== 1 || !passes(values[0]!)) return undefined;
    this.#details.delete(name);
    return values[0];
  }

  /** The date as it was read, where that told the time without certainty; else the time in Java's form. */
  #date(): string {
    const { time } = this.#record;
    const read = this.#take('date', (text) => {
      if (text.length > MAX_DATE || !isPlain(text)) return false;
      const date = readDate(text);
      return date?.certain === false && date.ms === time;
    });
    if (read !== undefined) return read;
    const date = javaDate(time, this.#zone);
    if (readDate(date)?.certain !== true) {
      this.#flags.add('escaped');
      return new Date(time).toISOString();
    }
    if (time % 1000 !== 0) this.#flags.add('time-rounded');
    return date;
  }

  /**
   * The words behind the fields, those that were read or the event's own, and the signature that ends them.
   */
  #text(): string {
    const own = textOf(this.#info, this.#record.outcome);
    const signed = own.endsWith(SIGNATURE);
    const fits = (text: string): boolean => text.length <= MAX_PART && text !== '' && isPlain(text);
    const text =
      this.#take('text', (told) => {
        if (!fits(told) || told === own) return false;
        const at = told.indexOf(SIGNATURE);
        return !signed || at === -1 || at === told.length - SIGNATURE.length;
      }) ?? own;
    if (!signed || !text.endsWith(SIGNATURE)) return text;
    return text + (this.#take('sig', fits) ?? '');
  }

  #placeSubject(): void {
    const { name } = this.#record.actor ?? {};
    if (name === '') this.#flags.add('no-place');
    const agent = this.#details.get('AgentID')?.[0];
    if (name !== undefined && name !== '' && (name !== agent || isAbsent(name))) {
      this.#fields.set('SubjectID', [plain(name)]);
      return;
    }
    const word = this.#take('SubjectID', isAbsent);
    if (word !== undefined) this.#fields.set('SubjectID', [{ value: word, encoded: false }]);
  }

  #placeOutcome(outcome: Outcome): void {
    const word =
      outcome === 'void'
        ? this.#take(
            'Outcome',
            (text) => text.length <= MAX_PART && text !== NULL && !OUTCOMES.has(text.toLowerCase()),
          )
        : outcome === 'success'
          ? 'Success'
          : 'Failure';
    if (word !== undefined) this.#fields.set('Outcome', [{ value: word, encoded: !isPlain(word) }]);
    else if (this.#info === null || this.#info.names.has('Outcome') || this.#implies())
      this.#fields.set('Outcome', [{ value: NULL, encoded: false }]);
  }

  #implies(): boolean {
    return Object.hasOwn(this.#info?.implies ?? {}, this.#record.event);
  }

  /**
   * Members that fields tell are read from those again. Where none does, a free field of the event is
   * written.
   */
  #placeMembers(): void {
    const { actor = {}, reason, outcome } = this.#record;
    const { table } = findCatalog('dogtag')!;
    this.#place(actor.issuer, table.actor.issuer);
    const issued = firstTold(this.#told(), table.actor.issuer) !== undefined;
    this.#place(actor.serial, issued ? table.actor.serial : []);
    this.#place(actor.ip, table.actor.ip);
    this.#place(actor.auth, table.actor.auth);
    this.#place(actor.role, table.actor.role);
    if (typeof reason === 'object') this.#flags.add('no-place');
    else this.#place(reason, outcome === 'failure' ? table.reason : []);
    if (NO_PLACE.some((member) => this.#record[member] !== undefined)) this.#flags.add('no-place');
  }

  #place(member: string | undefined, names: readonly string[] = []): void {
    if (member === undefined) return;
    if (member === '') {
      this.#flags.add('no-place');
      return;
    }
    const told = firstTold(this.#told(), names);
    if (told === member) return;
    const free = names.find((name) => this.#info?.names.has(name) && !this.#fields.has(name));
    if (told !== undefined || free === undefined) this.#flags.add('no-place');
    else this.#fields.set(free, [plain(member)]);
  }

  #told(): Map<string, Value> {
    return new Map([...this.#fields].map(([name, values]) => [name, values[0]!]));
  }

  /** The fields in the event's own order, then all others by name. */
  #ordered(): string[] {
    const order = orderOf(this.#info, this.#record.outcome);
    const first = ['SubjectID', 'Outcome'].filter((name) => !order.includes(name));
    const others = [...this.#fields.keys()]
      .filter((name) => !order.includes(name) && !first.includes(name))
      .sort(byCodePoint);
    const names = [...first, ...order, ...others].filter((name) => this.#fields.has(name));
    return names.flatMap((name) => this.#fields.get(name)!.map((value) => this.#field(name, value)));
  }

  #field(name: string, { value, encoded }: Value): string {
    if (encoded) this.#flags.add('escaped');
    return `[${name}=${encoded ? encode(value) : value}]`;
  }

  /** The line, without its largest fields where it is too long to be read as one. */
  #fit(start: string, fields: readonly string[], end: string): string {
    const whole = start + fields.join('') + end;
    // UTF-8 takes at most three bytes for a UTF-16 unit.
    if (whole.length * 3 <= MAX_NATIVE_BYTES) return whole;
    const kept = new Set(fields);
    const sizes = new Map(fields.map((field) => [field, bytes(field)]));
    let length = bytes(whole);
    for (const field of fields.toSorted((a, b) => sizes.get(b)! - sizes.get(a)!)) {
      if (length <= MAX_NATIVE_BYTES) break;
      if (/^\[(?:SubjectID|Outcome)=/.test(field)) continue;
      kept.delete(field);
      length -= sizes.get(field)!;
      this.#flags.add('no-place');
    }
    return start + fields.filter((field) => kept.has(field)).join('') + end;
  }
}

/** The value of a member: a word that would be read as no value is encoded. */
function plain(value: string): Value {
  return { value, encoded: !isPlain(value) || isAbsent(value) };
}

function isThread(text: string): boolean {
  return /^\d{1,10}\./.test(text) && text.length <= MAX_PART && text !== MAIN_THREAD && isPlain(text);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `dd/MMM/yyyy:HH:mm:ss z` in a zone of so many minutes east of UTC. */
function javaDate(ms: number, zone: number): string {
  const [date, clock] = new Date(ms + zone * 60_000).toISOString().split('T');
  const [year, month, day] = date!.split('-');
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock!.slice(0, 8)} ${zoneName(zone)}`;
}

function zoneName(zone: number): string {
  if (zone === 0) return 'UTC';
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.abs(zone);
  return `GMT${zone < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
}

function byCodePoint(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
