import type { RecordDraft } from '../../record/types.ts';
import { DraftBuilder, type Origin } from '../draft.ts';
import type { Entry } from '../entries.ts';
import { readIso } from '../time.ts';
import { readValue } from './encoding.ts';
import { actorOf, catalog, correlationOf, outcomeOf, reasonOf, signatureOf } from './members.ts';

/**
 * The line of CESeCore's own log4j device, which a SignServer may write instead:
 * `time;event;status;module;service;administrator;issuer;serial;worker;key=value;key=value`, nothing escaped,
 * null written as nothing.
 */
const START = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d;[^;]{1,256};/;
const KEY = /^((?:(?:added|changed|removed):)?[A-Za-z][A-Za-z0-9_.-]{0,127})=/;
const COLUMNS = 9;

export function startsSemicolons(text: string): boolean {
  return START.test(text);
}

/** The record of such a line (`startsSemicolons` said so). */
export function readSemicolons(origin: Origin, entry: Entry): RecordDraft {
  const builder = new DraftBuilder(origin, entry);
  const cells = entry.text.split(';');
  const [time = '', name = '', status = '', module, service, administrator, issuer, serial, worker] = cells;
  const event = catalog.find(name, module);
  if (event === null) builder.flag('unknown-event');
  if (cells.length < COLUMNS) builder.flag('truncated');
  if (worker !== undefined && worker !== '') builder.add('WORKER_ID', worker);
  readPairs(cells.slice(COLUMNS), builder);
  const outcome = outcomeOf(status, builder);
  return builder.build({
    time: readIso(time)?.ms ?? null,
    event: name,
    module: module === '' ? undefined : module,
    service: service === '' ? undefined : service,
    outcome,
    reason: outcome === 'failure' ? reasonOf(builder) : undefined,
    actor: actorOf(builder, { name: administrator, issuer, serial }),
    correlation: correlationOf(builder),
    signature: signatureOf(event, builder, builder.flags),
  });
}

/** A cell that begins with no key belongs to the value before it, where a semicolon stood. */
function readPairs(cells: readonly string[], builder: DraftBuilder): void {
  let key = 'text';
  let parts: string[] = [];
  const give = (): void => {
    if (parts.length > 1) builder.flag('ambiguous');
    if (parts.length > 0) builder.add(key, readValue(parts.join(';'), builder.flags));
  };
  for (const cell of cells) {
    const match = KEY.exec(cell);
    if (match !== null) {
      give();
      key = match[1]!;
      parts = [cell.slice(match[0].length)];
    } else parts.push(cell);
  }
  give();
}
