import { Catalogs } from '../catalog/catalogs.ts';
import {
  checkPinSigned,
  isSameDemand,
  type Pin,
  type Policy,
  parsePolicy,
  parseVkey,
} from '../checkpoint/mod.ts';
import { EvidenceError, UsageError } from '../errors.ts';
import { Findings } from '../verify/findings.ts';
import { short } from '../verify/policy.ts';
import type { Evidence } from './format.ts';
import { verifyLogEvidence } from './log.ts';
import { checkpointOf, parseEvidence } from './read.ts';
import type { EvidenceReport, LogEvidenceReport } from './report.ts';

export interface EvidenceOptions {
  /**
   * What was remembered of logs, with the witnesses that it demands. Each is held against its log; several of one log, and
   * `policy`, demand the same witnesses, or none.
   */
  readonly pins?: readonly Pin[];
  /** vkeys of logs to believe. A log of which none is given, while others are, is not believed. */
  readonly keys?: readonly string[];
  /** Which witnesses must have cosigned, and which logs to believe. */
  readonly policy?: Policy;
  /** Root certificates (DER) of time stamp authorities to believe. */
  readonly tsaRoots?: readonly Uint8Array[];
  /** Demands proof that nothing was left out of a range. */
  readonly complete?: boolean;
  /** What is known of the systems whose records these are; the built-in catalogs by default. */
  readonly catalogs?: Catalogs;
}

/**
 * Verifies an evidence file by itself: no log, no server and no network is needed. What is wrong with it is in the
 * report, never thrown. Throws `ProofError` KEY_INVALID for a bad vkey of the caller's, `UsageError` PIN_INVALID for a bad
 * pin, and `UsageError` USAGE for pins of one log, or a policy and a pin, that demand different witnesses.
 */
export async function verifyEvidence(
  file: Uint8Array | string,
  options: EvidenceOptions = {},
): Promise<EvidenceReport> {
  const { pins = [], keys = [], policy } = options;
  return verify(file, options, pins.length + keys.length + (policy?.logs.length ?? 0) > 0);
}

/**
 * As `verifyEvidence`, for whoever makes it: a log of which nothing is remembered stands beside one of which something is, and
 * whom a pin demands is asked by those who verify it.
 */
export async function verifyMade(
  file: string,
  { pins, catalogs }: { readonly pins: readonly Pin[]; readonly catalogs: Catalogs },
): Promise<EvidenceReport> {
  return verify(file, { pins: pins.map(({ policy: _, ...pin }) => pin), catalogs }, false);
}

/** @param isTrustGiven whether a log of which nothing was given is to fail. */
async function verify(
  file: Uint8Array | string,
  options: EvidenceOptions,
  isTrustGiven: boolean,
): Promise<EvidenceReport> {
  const findings = new Findings();
  let evidence: Evidence;
  try {
    evidence = parseEvidence(file);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    findings.add({ code: 'bad-evidence', from: 0, to: 0, message: error.message });
    return { verdict: 'not-intact', made: null, logs: [], findings: findings.list() };
  }
  const { pins = [], keys = [], policy, tsaRoots = [], complete = false } = options;
  for (const pin of pins) await checkPinSigned(pin);
  const { catalogs = Catalogs.builtIn } = options;
  const { made } = evidence;
  const origins = evidence.logs.map(({ checkpoint }) => checkpointOf(checkpoint, 'logs').origin);
  sayForeign(pins, keys, origins, findings);
  const logs: LogEvidenceReport[] = [];
  for (const [i, log] of evidence.logs.entries()) {
    const own = pins.filter(({ origin }) => origin === origins[i]);
    const logKeys = policy?.logs.map(({ key }) => key.vkey) ?? [];
    const given = { pins: own, isTrustGiven, keys, logKeys, policy: policyOf(own, policy), tsaRoots };
    logs.push(await verifyLogEvidence(log, { made, ...given, complete, catalogs }));
  }
  const verdicts = [findings.verdict, ...logs.map(({ verdict }) => verdict)];
  const verdict = WORST.find((each) => verdicts.includes(each)) ?? 'intact';
  return { verdict, made, logs, findings: findings.list() };
}

/** Which witnesses a policy and pins of one log demand: the same, for nothing that is given takes from what else is. */
function policyOf(pins: readonly Pin[], given: Policy | undefined): Policy | undefined {
  const pinned = pins.flatMap(({ policy }) => (policy === undefined ? [] : [parsePolicy(policy)]));
  const [first, ...others] = given === undefined ? pinned : [given, ...pinned];
  if (first === undefined || others.every((each) => isSameDemand(first, each))) return first;
  const what = given === undefined ? 'pins' : 'the policy and a pin';
  throw new UsageError('USAGE', `${what} of ${pins[0]?.origin} demand different witnesses: give one of them`);
}

const WORST = ['not-intact', 'not-compared'] as const;

/** Whoever names a log expects to see it. */
function sayForeign(
  pins: readonly Pin[],
  keys: readonly string[],
  origins: readonly string[],
  findings: Findings,
): void {
  const actual = origins.join(', ');
  for (const { origin, size, checkpoint } of pins) {
    if (origins.includes(origin)) continue;
    const message = `the pin is of ${origin}; the evidence is of ${actual}`;
    const place = { from: 0, to: size, size, expected: origin, actual, notes: [checkpoint] };
    findings.add({ code: 'other-log', ...place, message });
  }
  for (const key of keys) {
    const { name } = parseVkey(key);
    if (origins.includes(name)) continue;
    const message = `the key ${short(key)} is of ${name}; the evidence is of ${actual}`;
    findings.add({
      code: 'unknown-key',
      from: 0,
      to: 0,
      size: 0,
      expected: name,
      actual,
      notes: [],
      message,
    });
  }
}
