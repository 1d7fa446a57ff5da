/**
 * The verifier in one file without dependencies: `tallystick-verify.js`, a module for Node and browsers, and a program
 * for Node.
 */
import { type NodeProcess, runProgram } from './program.ts';

export * from '../checkpoint/mod.ts';
export { type EvidenceOptions, type EvidenceReport, parseEvidence, verifyEvidence } from '../evidence/mod.ts';
export * from '../merkle/mod.ts';
export * from '../published/mod.ts';
export { decodeEntry } from '../record/mod.ts';
export * from '../verify/mod.ts';
export { type EvidenceFile, readEvidenceFile, type VerifiedFile, verifyEvidenceFile } from './file.ts';
export { readTrust, type TrustItem, trustOptions } from './trust.ts';

const { process } = globalThis as { process?: NodeProcess };
// Of those that know `main`: Node 24, Deno. Elsewhere it is undefined.
if ((import.meta as { main?: boolean }).main === true && process !== undefined) {
  process.exitCode = await runProgram(process);
}
