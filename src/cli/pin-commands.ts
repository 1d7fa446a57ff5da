import type { Call, Command, Option } from './command.ts';
import { DATA, NODE } from './options.ts';

type Run = (call: Call) => Promise<number>;

const pins = (name: keyof typeof import('./pin.ts')): Run => {
  return async (call) => (await import('./pin.ts'))[name](call);
};

const WHERE: readonly Option[] = [
  DATA,
  NODE,
  {
    name: 'published',
    value: 'PLACE',
    summary: 'a published log instead: a directory, or an address (http, https), also of a server',
  },
];
const COSIGNED: Option = {
  name: 'cosigned',
  value: 'FILE|URL',
  summary: 'a checkpoint that a witness holds, or the address of the witness',
};

/** Commands on what a verifier remembers. */
export const PIN_COMMANDS: readonly Command[] = [
  {
    name: 'pin create',
    operands: '',
    summary: 'remember a log outside of it: its keys, what is demanded, its newest checkpoint',
    options: [
      ...WHERE,
      { name: 'output', short: 'o', value: 'FILE', summary: 'where to (default: where verify looks for it)' },
      {
        name: 'require',
        value: 'VKEY',
        many: true,
        summary: 'a key that has to sign, once for each (default: all that seal the log)',
      },
      { name: 'policy', value: 'FILE', summary: 'tlog-policy: the witnesses that must have cosigned' },
      COSIGNED,
    ],
    notes: [
      'Without --require or --policy it stands on the word of the log, this first time. Only the head is looked at: verify reads the records.',
    ],
    examples: ['pin create -o /media/usb/ca1.pin', 'pin create --policy witnesses.policy'],
    run: pins('pinCreate'),
  },
  {
    name: 'pin show',
    operands: '[FILE]',
    summary: 'show what is remembered of a log',
    options: WHERE,
    notes: [],
    examples: ['pin show', 'pin show /media/usb/ca1.pin --json'],
    run: pins('pinShow'),
  },
  {
    name: 'pin update',
    operands: '[FILE]',
    summary: 'go on to the newest checkpoint, if the log provably continues the one remembered',
    options: [...WHERE, COSIGNED],
    notes: [
      'Over a consistency proof, and key changes followed from the keys that are pinned; never backwards. Exit code 1, and why, when the log does not continue what was remembered; the pin then stays as it was.',
    ],
    examples: ['pin update', 'pin update ca1.pin --published https://log.example/ca1'],
    run: pins('pinUpdate'),
  },
];
