import type { Option } from './command.ts';

/** Options that several commands share. */
export const DATA: Option = {
  name: 'data',
  value: 'DIR',
  summary: 'data directory (default: $TALLYSTICK_DATA, else ./tallystick-data)',
};

/** Which log is meant, where a directory holds several. */
export const NODE: Option = {
  name: 'node',
  value: 'NAME',
  summary: 'whose log (default: the only one there is)',
};

/** Of commands that may have to open the log for writing themselves. */
export const WRITING: readonly Option[] = [
  { name: 'node', value: 'NAME', summary: 'whose log (default: the one that is there, else the host name)' },
  { name: 'key-file', value: 'FILE', summary: 'sealing key (default: seal.key in the data directory)' },
];

/** Whose lines a file holds. */
export const SYSTEM: Option = {
  name: 'system',
  value: 'NAME',
  summary: 'signserver, dogtag, xroad, digicert or a dialect; detected if not given',
};

/** For logs whose lines follow a setting of the system that wrote them. */
export const PATTERN: Option = {
  name: 'pattern',
  value: 'TEXT',
  summary: 'how the lines are made, where the system can be set so: LOGORDER of a SignServer worker log',
};

/** Of commands that show what a log holds. */
export const NO_PIN: Option = {
  name: 'no-pin',
  summary: 'also read a log that contradicts what is remembered of it',
};

/** Said in the help of commands that may open a key file. */
export const PASSPHRASE_NOTE =
  'The passphrase of an encrypted key file is taken from the environment variable TALLYSTICK_PASSPHRASE.';

/** A part of the log. */
export const FROM_TO: readonly Option[] = [
  { name: 'from', value: 'SEQ', summary: 'number of the first record (default: 0)' },
  { name: 'to', value: 'SEQ', summary: 'number of the last record (default: the newest)' },
];
