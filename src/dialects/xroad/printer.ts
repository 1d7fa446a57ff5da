import { findCatalog } from '../../catalog/builtin.ts';
import { UsageError } from '../../errors.ts';
import type { Actor, Json, RecordDraft } from '../../record/types.ts';
import { isReference } from '../../record/validate.ts';
import { MAX_NATIVE_BYTES, type Printed, type Printer, type PrinterOptions } from '../dialect.ts';
import { isSealShaped, LAST_TIME } from '../draft.ts';
import type { PrintFlag } from '../flags.ts';
import { encodeId, quote } from './escapes.ts';
import { COMPONENTS, CONTEXTS, NONE, UNCORRELATED } from './frame.ts';
import { type Details, object, ValueWriter, type Written, written } from './values.ts';

const HOST = /^[A-Za-z0-9][\w.:-]{0,254}$/;
const CONTEXT = /^[A-Za-z0-9][\w .:()-]{0,1023}$/;
const FAILED = ' failed';
const MAX_EVENT = 1024;

/** Members of a record that a line cannot tell. */
const NO_PLACE = ['module', 'signature', 'objects', 'refs', 'upstream'] as const;
const NO_PLACE_OF_ACTOR = ['issuer', 'serial', 'role'] as const;

/** Writes the lines of `audit.log`, as the current release has rsyslog write them. */
export class XroadPrinter implements Printer {
  readonly head = '';
  readonly #zone: number;
  readonly #host: string;

  /** @throws UsageError USAGE when the host is no name that a line can carry. */
  constructor({ zone = 0, host = NONE }: PrinterOptions = {}) {
    if (host !== NONE && !HOST.test(host))
      throw new UsageError('USAGE', `host: "${host}" is no host name; use letters, digits, dots, hyphens`);
    this.#zone = zone;
    this.#host = host;
  }

  print(record: RecordDraft): Printed {
    return new Line(record, this.#zone, this.#host).print();
  }
}

class Line {
  readonly #record: RecordDraft;
  readonly #zone: number;
  readonly #host: string;
  readonly #values: ValueWriter;
  readonly #flags = new Set<PrintFlag>();

  constructor(record: RecordDraft, zone: number, host: string) {
    this.#record = record;
    this.#zone = zone;
    this.#host = host;
    const catalog = findCatalog('xroad')!;
    const info = catalog.find(record.event, record.component);
    if (info === null) this.#flags.add('foreign-event');
    this.#values = new ValueWriter(catalog, info, this.#flags);
  }

  print(): Printed {
    const { system, reason, actor = {} } = this.#record;
    if (system !== 'xroad') this.#flags.add('other-system');
    if (NO_PLACE.some((name) => this.#record[name] !== undefined)) this.#flags.add('no-place');
    if (NO_PLACE_OF_ACTOR.some((name) => actor[name] !== undefined)) this.#flags.add('no-place');
    if (isReference(reason)) this.#flags.add('no-place');
    const { host, url, warning, data } = this.#placed();
    const members = [
      written('event', quote(this.#event())),
      written('user', this.#actor(actor, 'name') ?? 'null'),
      written('ipaddress', this.#actor(actor, 'ip')),
      written('reason', typeof reason === 'string' ? quote(reason) : undefined, true),
      written('warning', warning === undefined ? undefined : this.#values.json(warning, 'warning.', 1), true),
      written('auth', this.#actor(actor, 'auth')),
      written('url', url === undefined ? undefined : this.#values.json(url, 'requestUrl.', 1), true),
    ].flat();
    const fields = this.#values.members(data, '', 1);
    const frame = `${this.#frame(host)} - `;
    const dropped = this.#tooLong(frame.length, [...members, ...fields]);
    const kept = (list: readonly Written[]): Written[] => list.filter((one) => !dropped.has(one));
    const json = object([...kept(members), ...written('data', object(kept(fields)))]);
    return { text: `${frame}${json}\n`, flags: [...this.#flags] };
  }

  /**
   * `<outer time> <host> correlation-id: [<id>] INFO  [<application>] <inner time>`: outer times have no
   * fraction.
   */
  #frame(host: string): string {
    const { time, correlation = '' } = this.#record;
    if (this.#record.correlation === '') this.#flags.add('no-place');
    const { wall, zone } = this.#time(time);
    const context = this.#context();
    const id = encodeId(correlation);
    if (id !== correlation) this.#flags.add('escaped');
    const part = id === '' && UNCORRELATED.has(context) ? '' : ` correlation-id: [${id}]`;
    const outer = `${wall.slice(0, 19)}${zone}`;
    return `${outer} ${host}${part} INFO  [${context}] ${wall}${zone === '+00:00' ? 'Z' : zone}`;
  }

  /** The wall clock of the zone; UTC where that clock has left the years of four digits. */
  #time(time: number): { readonly wall: string; readonly zone: string } {
    const shifted = time + this.#zone * 60_000;
    const minutes = shifted > LAST_TIME ? 0 : this.#zone;
    const two = (n: number): string => String(n).padStart(2, '0');
    const away = Math.abs(minutes);
    return {
      wall: new Date(time + minutes * 60_000).toISOString().slice(0, -1),
      zone: `${minutes < 0 ? '-' : '+'}${two(Math.trunc(away / 60))}:${two(away % 60)}`,
    };
  }

  /** The application, which tells the component. */
  #context(): string {
    const { service, component } = this.#record;
    const fits = component === undefined || COMPONENTS.get(service ?? '') === component;
    if (fits && service !== undefined && CONTEXT.test(service)) return service;
    const context = component === undefined ? NONE : CONTEXTS.get(component);
    if (service !== undefined || context === undefined) this.#flags.add('no-place');
    return context ?? NONE;
  }

  /** The name of a failed event ends in ` failed`, that of another does not. */
  #event(): string {
    const { event, outcome } = this.#record;
    const named = event.toLowerCase().endsWith(FAILED);
    const failed = outcome === 'failure';
    if (failed && !named && event.length + FAILED.length <= MAX_EVENT) return event + FAILED;
    if (failed !== named || outcome === 'void') this.#flags.add('no-place');
    return event;
  }

  #actor(actor: Actor, name: 'name' | 'ip' | 'auth'): string | undefined {
    const text = actor[name];
    if (text === '') this.#flags.add('no-place');
    return text === undefined || text === '' ? undefined : quote(text);
  }

  /**
   * Details that have places outside `data` and fit them; all others, and all if `data` would look like a
   * seal.
   */
  #placed(): { readonly host: string; readonly url?: Json; readonly warning?: Json; readonly data: Details } {
    const details = this.#details();
    const { host, requestUrl, warning, ...others } = details;
    const carried = typeof host === 'string' && HOST.test(host);
    const data: Record<string, Json> = others;
    if (host !== undefined && !carried) data.host = host;
    if (requestUrl === null) data.requestUrl = null;
    if (isSealShaped(data)) return { host: host === undefined ? this.#host : NONE, data: details };
    return {
      host: carried ? host : host === undefined ? this.#host : NONE,
      ...(requestUrl === undefined || requestUrl === null ? {} : { url: requestUrl }),
      ...(warning === undefined ? {} : { warning }),
      data,
    };
  }

  /** Without what is sealed beside the record. */
  #details(): Details {
    const { details = {} } = this.#record;
    const fields = isReference(details) ? [] : Object.entries(details as Details);
    const told = fields.filter(([, value]) => !isReference(value));
    if (isReference(details) || told.length < fields.length) this.#flags.add('no-place');
    return Object.fromEntries(told);
  }

  /** What has to be left out, the longest first, so that the line is still read as one entry. */
  #tooLong(frame: number, all: readonly Written[]): ReadonlySet<Written> {
    // Each with its name as written, a colon and a comma; the outer braces, `data` and the line feed.
    const size = ({ name, json }: Written): number => quote(name).length + json.length + 2;
    let total = all.reduce((sum, one) => sum + size(one), frame + 16);
    const dropped = new Set<Written>();
    if (total <= MAX_NATIVE_BYTES) return dropped;
    this.#flags.add('no-place');
    for (const one of all.filter(({ long }) => long).sort((a, b) => size(b) - size(a))) {
      if (total <= MAX_NATIVE_BYTES) break;
      dropped.add(one);
      total -= size(one);
    }
    return dropped;
  }
}
