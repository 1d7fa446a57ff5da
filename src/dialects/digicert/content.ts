import { CATALOG } from '../../catalog/define.ts';
import { DIGICERT_REPORTS, type DigicertReport, digicert } from '../../catalog/digicert.ts';
import { UsageError } from '../../errors.ts';
import type { Json, RecordDraft, SignatureInfo, SignatureMetadata } from '../../record/types.ts';
import { isReference } from '../../record/validate.ts';
import type { PrintFlag } from '../flags.ts';
import { readIso } from '../time.ts';
import { FIELDS, fieldAt, REPORTS } from './columns.ts';
import {
  deducedOutcome,
  hashAlgorithmOf,
  hashOf,
  metadataKey,
  outcomeOf,
  primaryOf,
  useOf,
  VOID,
} from './row.ts';

/** What a report tells of a record, before it is written as a row or an object. */
export interface Content {
  /** By the catalog's names, or by the record's own where the catalog has none. Empty texts are left out. */
  readonly fields: Map<string, Json>;
  /** What of the metadata is not among the fields. */
  readonly metadata: readonly SignatureMetadata[];
  readonly flags: Set<PrintFlag>;
}

/** Members that no report can tell. */
const NO_PLACE = ['service', 'component', 'objects', 'refs', 'upstream'] as const;

/** Fields that reading keeps in details when they do not have the form of their member. */
const MALFORMED: ReadonlyMap<string, (text: string) => unknown> = new Map<string, (text: string) => unknown>([
  ['Hash', hashOf],
  ['Signature type', useOf],
  ['Metadata primary', primaryOf],
]);

/** Throws `UsageError` USAGE for a report that the system does not have. */
export function reportOf(name = 'audit-log'): DigicertReport {
  const report = REPORTS.find((one) => one === name);
  if (report !== undefined) return report;
  throw new UsageError(
    'USAGE',
    `DigiCert has no report ${JSON.stringify(name)}; there are: ${[...REPORTS].sort().join(', ')}`,
  );
}

/** `zone`: minutes east of UTC in which times are told. */
export function contentOf(record: RecordDraft, report: DigicertReport, zone = 0): Content {
  return new Gatherer(record, report, zone);
}

class Gatherer implements Content {
  readonly fields = new Map<string, Json>();
  readonly flags = new Set<PrintFlag>();
  metadata: readonly SignatureMetadata[] = [];
  readonly #record: RecordDraft;
  readonly #report: DigicertReport;
  readonly #details: ReadonlyMap<string, Json>;

  constructor(record: RecordDraft, report: DigicertReport, zone: number) {
    this.#record = record;
    this.#report = report;
    const { details, reason } = record;
    const sealed = details !== undefined && isReference(details);
    if (sealed) this.flags.add('no-place');
    this.#details = new Map(details === undefined || sealed ? [] : Object.entries(details));
    for (const member of NO_PLACE) if (record[member] !== undefined) this.flags.add('no-place');
    if (record.module !== undefined && record.module !== report) this.flags.add('no-place');
    this.#time(zone);
    this.#event();
    this.#status();
    for (const [name, text] of Object.entries(record.actor ?? {})) this.#member(`actor.${name}`, text);
    this.#member('reason', typeof reason === 'object' ? null : reason);
    this.#member('correlation', record.correlation);
    this.#signature();
    for (const [name, value] of this.#details) this.#detail(name, value);
  }

  #time(zone: number): void {
    const { time, flags = [] } = this.#record;
    if (!flags.includes('time-uncertain')) {
      this.#member('time', isoTime(time, zone));
      return;
    }
    // What was written says more than the time that was taken for it.
    const written = this.#details.get('Date');
    if (typeof written !== 'string') return;
    const read = readIso(written.trim());
    const same = read === null || (!read.certain && read.ms === time);
    this.#member('time', same ? written : isoTime(time, zone));
  }

  #event(): void {
    const { system, event } = this.#record;
    if (system !== digicert[CATALOG].system) this.flags.add('other-system');
    if (digicert[CATALOG].find(event) === null) this.flags.add('foreign-event');
    const own = DIGICERT_REPORTS[this.#report].event;
    if (own === null) this.#member('event', event);
    else if (own !== event) this.flags.add('no-place');
  }

  #status(): void {
    const { outcome, reason, flags = [] } = this.#record;
    const { status } = DIGICERT_REPORTS[this.#report];
    if (status === null) {
      if (outcome !== 'void') this.flags.add('no-place');
      return;
    }
    const deduced = deducedOutcome(this.#report, reason !== undefined && reason !== '');
    if (flags.includes('outcome-deduced') && deduced === outcome) return;
    const written = this.#details.get('Status');
    if (typeof written === 'string' && this.#isStatus(written)) this.#member('outcome', written);
    else if (outcome !== 'void') this.#member('outcome', status[outcome]);
    else {
      this.flags.add('escaped');
      this.#member('outcome', VOID);
    }
  }

  /** Whether reading takes this text for the record's outcome, and keeps it in details as it is there. */
  #isStatus(text: string): boolean {
    const { status } = DIGICERT_REPORTS[this.#report];
    const kept = text !== '' && text !== VOID && text !== status?.success && text !== status?.failure;
    return kept && (outcomeOf(text) ?? 'void') === this.#record.outcome;
  }

  #signature(): void {
    const { signature } = this.#record;
    if (signature === undefined) return;
    if (isReference(signature)) {
      this.flags.add('no-place');
      return;
    }
    const { metadata = [], hashAlgorithm, use, hash, ...texts } = signature as SignatureInfo;
    for (const [name, text] of Object.entries(texts)) this.#member(`signature.${name}`, text);
    this.#member('signature.use', use === undefined ? use : use === 'test' ? 'Test' : 'Production');
    this.#member('signature.hash', hash === undefined || hashOf(hash) === hash ? hash : null);
    if (hashAlgorithm !== undefined && hashAlgorithm !== hashAlgorithmOf(metadata))
      this.flags.add('no-place');
    if (this.#report === 'signature-metadata') this.#entry(metadata);
    else this.metadata = metadata;
  }

  /** A row of metadata is one entry; a record with several needs a row, and so a record, for each. */
  #entry([entry, ...others]: readonly SignatureMetadata[]): void {
    if (others.length > 0) this.flags.add('no-place');
    if (entry === undefined) return;
    const { key, value, primary, source } = entry;
    if (key === '') {
      this.flags.add('no-place');
      return;
    }
    this.#member('signature.metadata[].key', metadataKey(key));
    if (value !== '') this.#member('signature.metadata[].value', value);
    this.#member('signature.metadata[].primary', primary === undefined ? primary : primary ? 'Yes' : 'No');
    this.#member('signature.metadata[].source', source);
  }

  /** Null: it is there, and cannot be told. An empty text is not told apart from none. */
  #member(at: string, text: string | null | undefined): void {
    if (text === undefined) return;
    const name = fieldAt(this.#report, at);
    if (text === null || text === '' || name === undefined) this.flags.add('no-place');
    else this.fields.set(name, text);
  }

  #detail(name: string, value: Json): void {
    const at = FIELDS[this.#report].get(name);
    if (at === undefined || at === 'details') {
      if (value === null || value === '') this.flags.add('no-place');
      else this.fields.set(name, value);
      return;
    }
    if (this.fields.get(name) === value) return;
    const kept =
      typeof value === 'string' &&
      value !== '' &&
      (this.#isKeyless(at) || MALFORMED.get(name)?.(value) === null);
    if (kept && !this.fields.has(name)) this.fields.set(name, value);
    else this.flags.add('no-place');
  }

  /** Whether it is of an entry of metadata whose row has no key: reading keeps such in details. */
  #isKeyless(at: string): boolean {
    const key = 'signature.metadata[].key';
    const ofEntry = this.#report === 'signature-metadata' && at.startsWith('signature.metadata[].');
    return ofEntry && at !== key && !this.fields.has(fieldAt(this.#report, key)!);
  }
}

/** RFC 3339; with milliseconds only where there are any. */
function isoTime(ms: number, zone: number): string {
  const local = new Date(ms + zone * 60_000).toISOString().replace('.000Z', 'Z');
  if (zone === 0) return local;
  const minutes = Math.abs(zone);
  const offset = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, '0')).join(':');
  return local.replace('Z', `${zone < 0 ? '-' : '+'}${offset}`);
}
