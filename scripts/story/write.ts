import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { dogtag, draft } from '../../src/catalog/mod.ts';
import { dialectByName, type PrinterOptions } from '../../src/dialects/mod.ts';
import type { RecordDraft } from '../../src/record/types.ts';
import { type Cast, DAYS, makeCast, START } from './cast.ts';
import type { KeyPair } from './pki.ts';
import { play } from './plot.ts';
import { Random } from './random.ts';
import { routine, SHARES } from './routine.ts';
import { type Channel, type Month, Stage } from './scene.ts';

/** Each file of the story, and in which dialect it is written. */
const FILES: Readonly<
  Record<Channel, { readonly name: string; readonly dialect: string; readonly newestFirst?: true }>
> = {
  'signserver-audit': { name: 'signserver-audit.log', dialect: 'signserver-text' },
  'signserver-worker': { name: 'signserver-worker.log', dialect: 'signserver-worker' },
  'ca-audit': { name: 'ca_audit', dialect: 'dogtag' },
  'kra-audit': { name: 'kra_cert-kra_audit', dialect: 'dogtag' },
  'central-server': { name: 'central-server-audit.log', dialect: 'xroad' },
  'security-server': { name: 'security-server-audit.log', dialect: 'xroad' },
  'digicert-audit': { name: 'digicert-audit.csv', dialect: 'digicert', newestFirst: true },
  'digicert-signatures': { name: 'digicert-signatures.csv', dialect: 'digicert', newestFirst: true },
};

const CHANNELS = Object.keys(FILES) as readonly Channel[];

export interface StoryOptions {
  readonly seed: string;
  /** Lines of ordinary days, besides those that tell the story. */
  readonly routine: number;
}

/**
 * Writes the story's files into `logs` and `certs` below `dir`: the same bytes for the same options.
 *
 * @returns how many records each file holds.
 */
export async function writeStory(
  dir: string,
  options: StoryOptions,
): Promise<Readonly<Record<string, number>>> {
  for (const folder of ['logs', 'certs']) mkdirSync(join(dir, folder), { recursive: true });
  const random = new Random(options.seed);
  const cast = await makeCast(random);
  const stage = new Stage(cast, random.fork('plot'));
  const month = await play(stage);
  writeCertificates(dir, cast);
  const counts: Record<string, number> = {};
  const ordinary = spread(options.routine);
  for (const [i, channel] of CHANNELS.entries()) {
    counts[FILES[channel].name] = writeChannel(dir, stage, month, channel, ordinary[i]!);
  }
  return counts;
}

function writeChannel(dir: string, stage: Stage, month: Month, channel: Channel, lines: number): number {
  const { name, dialect, newestFirst } = FILES[channel];
  const printer = dialectByName(dialect)?.printer?.(PRINTING[channel]);
  if (printer === undefined) throw new Error(`${dialect} does not print`);
  const auditor = AUDITORS[channel];
  const seal = auditor === undefined ? null : new SignedLog(stage.cast[auditor].key);
  const file = openSync(join(dir, 'logs', name), 'w');
  let count = 0;
  const write = (record: RecordDraft): void => {
    const { text, flags } = printer.print(record);
    if (flags.includes('other-system')) throw new Error(`${name}: ${record.event} is not for this file`);
    writeSync(file, text);
    seal?.add(text);
    count++;
  };
  writeSync(file, printer.head);
  if (seal !== null) write(seal.sign(START + 5 * 3_600_000 + 600_000));
  const days = Array.from({ length: DAYS }, (_, i) => i + 1);
  for (const day of newestFirst ? days.reverse() : days) {
    const records = ofDay(stage, month, channel, day, part(lines, day - 1, DAYS));
    if (newestFirst) records.reverse();
    for (const [i, record] of records.entries()) {
      write(record);
      // A buffer of events is signed now and then, and when nothing more comes.
      if (seal !== null && (i % 8 === 7 || i === records.length - 1)) write(seal.sign(record.time + 5_000));
    }
  }
  closeSync(file);
  return count;
}

/** How many ordinary lines each file gets: together as many as asked for. */
function spread(lines: number): number[] {
  let shares = 0;
  let given = 0;
  return CHANNELS.map((channel) => {
    shares += SHARES[channel];
    const upTo = Math.floor((lines * shares) / 100);
    const own = upTo - given;
    given = upTo;
    return own;
  });
}

/** The size of the part of this index, when `whole` is divided into so many nearly equal parts. */
function part(whole: number, index: number, parts: number): number {
  return Math.floor((whole * (index + 1)) / parts) - Math.floor((whole * index) / parts);
}

function ofDay(stage: Stage, month: Month, channel: Channel, day: number, ordinary: number): RecordDraft[] {
  const from = START + (day - 1) * 86_400_000;
  const to = from + 86_400_000;
  const told = stage.lines.filter(
    ({ channel: other, record: { time } }) => other === channel && time >= from && time < to,
  );
  return [...told, ...routine(stage, month, channel, day, ordinary).lines]
    .map(({ record }) => record)
    .sort((a, b) => a.time - b.time);
}

/** What the settings of the writing systems decide. */
const PRINTING: Readonly<Record<Channel, PrinterOptions>> = {
  'signserver-audit': {},
  'signserver-worker': {},
  'ca-audit': {},
  'kra-audit': {},
  'central-server': { host: 'cs1.example.org' },
  'security-server': { host: 'ss1.example.org' },
  'digicert-audit': { report: 'audit-log' },
  'digicert-signatures': { report: 'signature-log' },
};

/** Whose key signs the files of Dogtag's subsystems. */
const AUDITORS: Readonly<Partial<Record<Channel, 'caAudit' | 'kraAudit'>>> = {
  'ca-audit': 'caAudit',
  'kra-audit': 'kraAudit',
};

/** Dogtag signs what it wrote since its last signature, that signature's line included. */
class SignedLog {
  readonly #key: KeyPair;
  #unsigned = createHash('sha256');

  constructor(key: KeyPair) {
    this.#key = key;
  }

  add(text: string): void {
    this.#unsigned.update(text);
  }

  sign(time: number): RecordDraft {
    const sig = this.#key.sign(this.#unsigned.digest());
    this.#unsigned = createHash('sha256');
    return draft(dogtag.AUDIT_LOG_SIGNING, { sig }, { time, actor: { name: '$System$' } });
  }
}

function writeCertificates(dir: string, cast: Cast): void {
  for (const name of [
    'ca',
    'caAudit',
    'kraAudit',
    'seal',
    'friend',
    'stamp',
    'alice',
    'bob',
    'carol',
    'dave',
    'erin',
  ] as const)
    writeFileSync(join(dir, 'certs', `${name}.pem`), `${cast[name].certificate.pem}\n`);
}
