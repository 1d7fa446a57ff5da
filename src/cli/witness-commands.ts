import type { Call, Command, Option } from './command.ts';
import { DATA, PASSPHRASE_NOTE, WRITING } from './options.ts';

type Run = (call: Call) => Promise<number>;

const asLog = (name: keyof typeof import('./witness.ts')): Run => {
  return async (call) => (await import('./witness.ts'))[name](call);
};
const asWitness = (name: keyof typeof import('./witness-serve.ts')): Run => {
  return async (call) => (await import('./witness-serve.ts'))[name](call);
};

const HERE: readonly Option[] = [DATA, ...WRITING];
const WITNESS_DATA: Option = {
  name: 'data',
  value: 'DIR',
  summary: "the witness's own directory, keys included (default: ./tallystick-witness)",
};
const ORIGIN: Option = {
  name: 'origin',
  value: 'ORIGIN',
  summary: "the log's origin, where its key is called otherwise",
};

/** Commands on the witnesses of a log, and on a witness. */
export const WITNESS_COMMANDS: readonly Command[] = [
  {
    name: 'witness serve',
    operands: '[VKEY|POLICY…]',
    summary: 'cosign the logs of others: be the other half that shows what was cut or rebuilt',
    options: [
      WITNESS_DATA,
      { name: 'listen', value: 'HOST:PORT', summary: 'where to listen (default: 127.0.0.1:4781)' },
      {
        name: 'name',
        value: 'NAME',
        summary: 'name of a new witness, as witness.example.com/1 (default: the host name and /witness)',
      },
      { name: 'ml-dsa', summary: 'also cosign with an ML-DSA-44 key, made if there is none' },
    ],
    notes: [
      'Believes the logs whose keys are named, as "tallystick serve" shows them, besides those added before, and cosigns only what continues what it cosigned before. Any log that speaks C2SP tlog-witness can ask.',
      'The protocol has no access control; whoever reaches the address may ask, and read what was seen. Never put back an older copy of its directory: begin a new witness instead.',
      PASSPHRASE_NOTE,
    ],
    examples: ['witness serve acme-91c2a4f0/ca1+0b6a0d3f+AWl…', 'witness serve --listen 0.0.0.0:4781'],
    run: asWitness('witnessServe'),
  },
  {
    name: 'witness add-log',
    operands: 'VKEY|POLICY',
    summary: 'have a witness believe a log, or all logs of a policy',
    options: [WITNESS_DATA, ORIGIN],
    notes: ['A log that gets another key is believed by both: add the new one before it changes.'],
    examples: ['witness add-log acme-91c2a4f0/ca1+0b6a0d3f+AWl…', 'witness add-log partners.policy'],
    run: asWitness('witnessAddLog'),
  },
  {
    name: 'witness remove-log',
    operands: 'VKEY',
    summary: 'have a witness believe a key no more; what it has seen stays',
    options: [WITNESS_DATA],
    notes: [],
    examples: ['witness remove-log acme-91c2a4f0/ca1+0b6a0d3f+AWl…'],
    run: asWitness('witnessRemoveLog'),
  },
  {
    name: 'witness logs',
    operands: '[ORIGIN]',
    summary: 'show what a witness has seen, or print the checkpoint it holds of one log',
    options: [WITNESS_DATA],
    notes: ['It works while the witness runs.'],
    examples: ['witness logs', 'witness logs acme-91c2a4f0/ca1 > ca1.checkpoint'],
    run: asWitness('witnessLogs'),
  },
  {
    name: 'witness add',
    operands: 'URL VKEY',
    summary: 'have a witness cosign this log, at least once a minute while it goes on',
    options: HERE,
    notes: [
      'URL and VKEY are shown by "tallystick witness serve". A second key of one witness is added to it.',
    ],
    examples: ['witness add https://witness.example.com witness.example.com/1+6ce4a1a0+BLx…'],
    run: asLog('witnessAdd'),
  },
  {
    name: 'witness remove',
    operands: 'NAME',
    summary: 'ask a witness no more; what it has cosigned stays',
    options: HERE,
    notes: ['Its alarms are over, but for those that it has proven.'],
    examples: ['witness remove witness.example.com/1'],
    run: asLog('witnessRemove'),
  },
  {
    name: 'witness list',
    operands: '',
    summary: 'show the witnesses of this log, and how fresh their cosignatures are',
    options: HERE,
    notes: [],
    examples: ['witness list'],
    run: asLog('witnessList'),
  },
  {
    name: 'witness ask',
    operands: '',
    summary: 'have all witnesses cosign the newest checkpoint now',
    options: HERE,
    notes: ['Exit code 1: one did not, or has seen another log than this one, or was itself put back.'],
    examples: ['witness ask'],
    run: asLog('witnessAsk'),
  },
];
