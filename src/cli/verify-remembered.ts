import { UsageError } from '../errors.ts';
import { Findings } from '../verify/findings.ts';
import { followPin, type LogSource, type NotChecked, type Report } from '../verify/mod.ts';
import type { Call } from './command.ts';
import { counted, utc } from './format.ts';
import { type Memory, putBack, WRITERS_HEAD, writersHead } from './held.ts';
import { safeText } from './safe-text.ts';
import type { Verified } from './verified.ts';

/** What this machine remembers of a log whatever was pinned, or why that can't be told. */
export interface Recalled {
  readonly memory: Memory | null;
  readonly notChecked: readonly NotChecked[];
}

/**
 * The head that the writer of a log remembers here. To be read before the log's head is: it is never ahead of it then. Nothing
 * with `--no-pin`. Throws `UsageError` PIN_INVALID for one that somebody has changed, unless a pin was named: then there is
 * something else to go by. Where nothing can be read, nothing was found to be wrong: it is not checked.
 */
export function recallHead(call: Call, origin: string | null): Recalled {
  if (origin === null || call.isSet('no-pin')) return { memory: null, notChecked: [] };
  try {
    return { memory: writersHead(call, origin), notChecked: [] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (error.code === 'PIN_INVALID' && call.text('pin') === undefined) throw error;
    return { memory: null, notChecked: [{ what: WRITERS_HEAD, why: error.message }] };
  }
}

/**
 * A report with what comes of holding the log against its writer's memory: over a consistency proof and key changes, as
 * `status` does, without reading a record. What the report says already is not said again.
 */
export async function holdToRemembered(
  call: Call,
  report: Report,
  source: LogSource,
  { memory, notChecked }: Recalled,
): Promise<{ readonly report: Report; readonly remembered: Verified['remembered'] }> {
  if (memory === null) {
    return { report: { ...report, notChecked: [...report.notChecked, ...notChecked] }, remembered: null };
  }
  const { pin, findings } = await followPin(source, memory.pin, call.io.now(), undefined, WRITERS_HEAD);
  const { size, savedAt, checkpoint } = memory.pin;
  const remembered = { file: memory.path, size, savedAt };
  if (pin !== null) {
    const notChecked = report.notChecked.map(anchored);
    return { report: { ...report, notChecked }, remembered: { ...remembered, holds: true } };
  }
  const all = new Findings();
  all.addAll(report.findings);
  const failures = findings.filter((each) => each.class === 'fail');
  // Of a part that stands, what is damaged elsewhere is no fault.
  const isTold = failures.some(({ code }) => code !== 'coverage-ends');
  const said = new Set(report.findings.map(({ code }) => code));
  if (isTold) all.addAll(failures.filter(({ code }) => !said.has(code)));
  else {
    all.add({
      ...{ code: 'not-compared', from: 0, to: size, size, notes: [checkpoint] },
      message: `${WRITERS_HEAD}, at ${size} records, was not compared with what is here: the hash tiles there are not all as sealed; verify the whole log`,
    });
  }
  // What is not listed counts as well.
  const verdict = report.verdict === 'not-intact' ? report.verdict : all.verdict;
  const told = { ...report, verdict, findings: all.list() };
  return { report: told, remembered: { ...remembered, holds: isTold ? false : null } };
}

/** It is an anchor as well, of this machine. */
function anchored({ what, why }: NotChecked): NotChecked {
  if (what !== 'an outside anchor') return { what, why };
  return {
    what,
    why: 'no pin was given: a log that was rebuilt or put back together with what its writer remembers here would not show',
  };
}

export function rememberedLines({ remembered }: Pick<Verified, 'remembered'>): string[] {
  if (remembered === null) return [];
  const { file, size, savedAt, holds } = remembered;
  const how = holds === null ? 'NOT compared with' : 'held to';
  const lines = [`  ${how} ${WRITERS_HEAD}, of ${utc(savedAt)}: ${counted(size, 'record')}`];
  if (holds === false)
    lines.push(safeText(`  ${putBack(file)}; to verify an older copy, as a backup is: --no-pin`));
  return lines;
}
