import type { Call, Command } from './command.ts';
import { DATA, FROM_TO, NODE } from './options.ts';

/** Commands on evidence files. */
export const EVIDENCE_COMMANDS: readonly Command[] = [
  {
    name: 'evidence create',
    operands: 'QUERY|[NODE] SEQ…',
    summary: 'take records along in one file, with everything that proves them',
    options: [
      DATA,
      { name: 'output', short: 'o', value: 'FILE', summary: 'the file to make' },
      { name: 'replace', summary: 'replace the file if it is there' },
      { name: 'html', summary: 'one HTML file that shows the records and verifies itself in any browser' },
      {
        name: 'complete',
        summary: 'take every record of a range along, so that it can be proven that nothing was left out',
      },
      ...FROM_TO,
      { name: 'since', value: 'TIME', summary: 'the range begins with what the log took from then on' },
      { name: 'until', value: 'TIME', summary: 'the range ends with what the log had taken by then' },
      { name: 'no-content', summary: 'leave sealed content out: the records stand without it' },
      { name: 'pin', value: 'FILE', summary: 'also prove that the log goes on from this pin' },
      { name: 'by', value: 'TEXT', summary: 'who makes it, as the file shall say (default: user and host)' },
      NODE,
    ],
    notes: [
      'The newest 10,000 records that a query finds, or those named by their numbers; a query that is a number goes in quotes of its own. The query language is in docs/query.md.',
      'Without --complete the file proves that its records are genuine, not that there are no others.',
      '--since and --until go by when the log took a record. For when things happened, put time>=… into the query.',
      'What the file has is verified before it is written: of a log that does not hold none is made.',
    ],
    examples: [
      `evidence create 'key:rel-codesign-2026-q4 event:KEYGEN' -o keygen.evidence`,
      'evidence create ca1 17 18 --html -o two.html',
      `evidence create 'outcome:failure' --complete --since 2026-10-01 -o october.evidence`,
    ],
    run: async (call: Call) => (await import('./evidence.ts')).evidenceCreate(call),
  },
  {
    name: 'evidence verify',
    operands: 'FILE',
    summary: 'check an evidence file, without the log and without a network',
    options: [
      { name: 'pin', value: 'FILE', summary: 'hold it against this pin' },
      { name: 'key', value: 'VKEY', summary: 'verifier key of the log to believe' },
      { name: 'policy', value: 'FILE', summary: 'which witnesses must have cosigned (C2SP tlog-policy)' },
      {
        name: 'timestamp-root',
        value: 'FILE',
        summary: 'root certificates of time stamp authorities to believe (PEM)',
      },
      { name: 'complete', summary: 'demand proof that nothing was left out' },
      { name: 'records', summary: 'show the records in full' },
    ],
    notes: [
      'Exit code 0: what it says it has is genuine; 1: it is not; 2: it could not be checked.',
      'Without --pin, --key or --policy it stands on the keys that the file itself names: that shows damage, and no forgery by whoever made the log.',
    ],
    examples: [
      'evidence verify keygen.evidence --pin ca1.pin',
      'evidence verify october.evidence --complete',
    ],
    run: async (call: Call) => (await import('./evidence-verify.ts')).evidenceVerify(call),
  },
];
