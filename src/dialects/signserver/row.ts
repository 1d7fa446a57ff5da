import { AUDIT_COLUMNS, type AuditColumnName } from '../../catalog/signserver-columns.ts';
import { TallystickError } from '../../errors.ts';
import type { Json, RecordDraft } from '../../record/types.ts';
import { DraftBuilder, type Origin, unparsedRecord } from '../draft.ts';
import type { Entry } from '../entries.ts';
import type { Flag, PrintFlag } from '../flags.ts';
import { clean } from '../text.ts';
import {
  actorOf,
  administratorOf,
  catalog,
  correlationOf,
  isTold,
  OUTCOMES,
  outcomeOf,
  reasonOf,
  signatureOf,
  told,
} from './members.ts';
import { byName, eventOf, losesMembers, PairFields, pairsBelowHead } from './pairs.ts';
import { readAdditionalDetails, writeAdditionalDetails } from './xml.ts';

/** A row of AuditRecordData as drivers of databases give it; names in any case. */
export type AuditRow = { readonly [column: string]: string | number | bigint | null };

/** What a row must have and no record tells. */
export interface RowPlace {
  /** 32 hex digits. */
  readonly pk: string;
  readonly nodeId: string;
  readonly sequenceNumber: number;
}

/** What is sealed as the dialect of records that were rows. */
export const ROW_DIALECT = 'signserver-row/1';

/**
 * The record of a row, whatever it holds; `raw` is the row as JSON, its columns under their own names in the
 * order of the table. Of what the text log does not have only the service becomes a member: node, sequence
 * number and row protection are the source's to check, and stand in `raw`.
 *
 * @param fallbackTime ms since 1970 for rows without a readable time.
 */
export function readAuditRow(row: AuditRow, fallbackTime = 0): RecordDraft {
  const origin: Origin = { dialect: ROW_DIALECT, system: catalog.system, fallbackTime };
  const flags = new Set<Flag>();
  const columns = new Columns(row, flags);
  const entry: Entry = {
    ...{ text: '', start: 0, end: 0, begun: true, interruptedBy: null, interrupts: false, flags: [] },
    raw: { text: JSON.stringify(columns.values) },
  };
  const name = columns.text('eventType');
  const time = columns.time();
  if (name === undefined || name === '') {
    return unparsedRecord(origin, entry, time === null ? null : { ms: time, certain: true });
  }
  const builder = new DraftBuilder(origin, entry);
  const module = columns.text('module');
  const event = catalog.find(name, module);
  if (event === null) builder.flag('unknown-event');
  const worker = columns.text('searchDetail2');
  if (isTold(worker)) builder.add('WORKER_ID', worker);
  addDetails(columns.text('additionalDetails'), builder);
  const outcome = outcomeOf(columns.text('eventStatus') ?? '', builder);
  const administrator = {
    name: told(columns.text('authToken')),
    issuer: told(columns.text('customId')),
    serial: told(columns.text('searchDetail1')),
  };
  for (const flag of flags) builder.flag(flag);
  return builder.build({
    time,
    event: name,
    module: told(module),
    service: told(columns.text('service')),
    outcome,
    reason: outcome === 'failure' ? reasonOf(builder) : undefined,
    actor: actorOf(builder, administrator),
    correlation: correlationOf(builder),
    signature: signatureOf(event, builder, builder.flags),
  });
}

/** Fields become texts, as they are in the text log, but for lists and what is missing. */
function addDetails(xml: string | undefined, into: DraftBuilder): void {
  if (xml === undefined || xml === '') return;
  try {
    const { fields, flags } = readAdditionalDetails(xml);
    for (const flag of flags) into.flag(flag);
    for (const [name, value] of fields) into.add(name, asText(value));
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error;
    into.flag('malformed-value');
    into.add('additionalDetails', xml);
  }
}

function asText(value: Json): Json {
  if (Array.isArray(value)) return value.map(asText);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

class Columns {
  /** By the names of the table. */
  readonly values: Readonly<Partial<Record<AuditColumnName, string | number | null>>>;
  readonly #flags: Set<Flag>;

  constructor(row: AuditRow, flags: Set<Flag>) {
    const byName = new Map(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]));
    const values: Partial<Record<AuditColumnName, string | number | null>> = {};
    for (const { column, type } of AUDIT_COLUMNS) {
      const value = byName.get(column.toLowerCase());
      if (value !== undefined) values[column] = type === 'integer' ? integer(value) : asString(value);
    }
    this.values = values;
    this.#flags = flags;
  }

  text(column: AuditColumnName): string | undefined {
    const value = this.values[column];
    return value === undefined || value === null ? undefined : clean(String(value), this.#flags);
  }

  time(): number | null {
    const value = this.values.timeStamp;
    return typeof value === 'number' ? value : null;
  }
}

function asString(value: string | number | bigint | null): string | null {
  return value === null ? null : String(value);
}

/** Drivers give 64-bit integers as any of these. What is no safe integer stays as it is written. */
function integer(value: string | number | bigint | null): string | number | null {
  if (value === null) return null;
  const number = /^-?\d{1,19}$/.test(String(value)) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : String(value);
}

/**
 * The row of a record, unprotected: `readAuditRow` gives back event, module, service, outcome, time,
 * administrator and details, and what it concludes from them. Columns have their names in the table; none is
 * cut to what a database would take.
 */
export function printAuditRow(
  record: RecordDraft,
  place: RowPlace,
): { readonly row: AuditRow; readonly flags: readonly PrintFlag[] } {
  const flags = new Set<PrintFlag>();
  const event = eventOf(record, flags);
  const { worker, pairs } = pairsBelowHead(record, event, flags);
  const fields = [...byName(pairs)].map(([name, values]): readonly [string, Json] => [
    name,
    values.length === 1 ? values[0]! : values,
  ]);
  const { name, issuer, serial } = administratorOf(record.actor, new PairFields(pairs));
  const row: Readonly<Record<AuditColumnName, string | number | null>> = {
    pk: place.pk,
    nodeId: place.nodeId,
    sequenceNumber: place.sequenceNumber,
    timeStamp: record.time,
    eventType: record.event,
    eventStatus: OUTCOMES[record.outcome],
    module: told(record.module) ?? '',
    service: told(record.service) ?? 'SIGNSERVER',
    authToken: told(name) ?? '',
    customId: told(issuer) ?? null,
    searchDetail1: told(serial) ?? null,
    searchDetail2: worker ?? null,
    additionalDetails: fields.length === 0 ? null : writeAdditionalDetails(fields),
    rowProtection: null,
    rowVersion: 0,
  };
  if (losesMembers(record, readAuditRow(row))) flags.add('no-place');
  return { row, flags: [...flags] };
}
