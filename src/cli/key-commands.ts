import type { Call, Command, Option } from './command.ts';
import { DATA, PASSPHRASE_NOTE, WRITING } from './options.ts';

type Run = (call: Call) => Promise<number>;

/** The command's own function, loaded when it runs. */
const tokens = (name: keyof typeof import('./tokens.ts')): Run => {
  return async (call) => ((await import('./tokens.ts'))[name] as Run)(call);
};
const keys = (name: keyof typeof import('./keys.ts')): Run => {
  return async (call) => (await import('./keys.ts'))[name](call);
};

const HERE: readonly Option[] = [DATA, ...WRITING];
const DEFAULT_KEY: Option = {
  name: 'default-key',
  summary: 'the key that seals, in place of TOKEN and ALIAS',
};
const EXPIRED: Option = { name: 'expired', summary: 'take it even when it has expired' };

/** Commands on tokens, keys and certificates. */
export const KEY_COMMANDS: readonly Command[] = [
  {
    name: 'tokens list',
    operands: '',
    summary: 'show the tokens that hold keys, and whether they can be used',
    options: HERE,
    notes: [
      'The token "software" is the data directory itself, with its seal.key. docs/keys.md is the guide.',
    ],
    examples: ['tokens list'],
    run: tokens('tokensList'),
  },
  {
    name: 'tokens init',
    operands: 'NAME',
    summary: 'configure a token, once it could be opened',
    options: [
      ...HERE,
      { name: 'kind', value: 'KIND', summary: 'software (files), pkcs12 (a key store) or pkcs11 (a device)' },
      { name: 'path', value: 'PATH', summary: 'software: a directory; pkcs12: the file' },
      { name: 'library', value: 'FILE', summary: "pkcs11: the device's library" },
      { name: 'slot-label', value: 'TEXT', summary: 'pkcs11: the label of the token in its slot' },
      { name: 'slot', value: 'NUMBER', summary: "pkcs11: the slot's number" },
      {
        name: 'slot-index',
        value: 'N',
        summary: 'pkcs11: the place of the slot among those with a token, from 0',
      },
      {
        name: 'pin',
        value: 'FROM',
        summary: 'where the PIN or passphrase is: env:NAME, file:PATH or prompt',
      },
    ],
    notes: [
      'The settings are kept in the log, never the PIN: where it is prompt, it is asked for without echo.',
      PASSPHRASE_NOTE,
    ],
    examples: [
      'tokens init hsm --kind pkcs11 --library /opt/hsm/lib.so --slot-label seal --pin prompt',
      'tokens init backup --kind software --path /mnt/keys --pin file:/etc/tallystick/pin',
    ],
    run: tokens('tokensInit'),
  },
  {
    name: 'tokens login',
    operands: 'NAME',
    summary: 'open a token, so that its keys can be used',
    options: [...HERE, { name: 'ask', summary: 'ask for the PIN, also where it comes from elsewhere' }],
    notes: [
      'A server keeps the token open; a log that could not seal without it goes on. Without a server the PIN is only tried.',
    ],
    examples: ['tokens login hsm'],
    run: tokens('tokensLogin'),
  },
  {
    name: 'tokens logout',
    operands: 'NAME',
    summary: 'close a token: none of its keys can be used until a login',
    options: HERE,
    notes: ['A log that one of its keys seals takes nothing until then.'],
    examples: ['tokens logout hsm'],
    run: tokens('tokensLogout'),
  },
  {
    name: 'tokens rename',
    operands: 'NAME NEW',
    summary: 'give a token another name',
    options: HERE,
    notes: [],
    examples: ['tokens rename hsm hsm-1'],
    run: tokens('tokensRename'),
  },
  {
    name: 'tokens remove',
    operands: 'NAME',
    summary: 'use a token no longer; its keys stay where they are',
    options: HERE,
    notes: [],
    examples: ['tokens remove old-hsm'],
    run: tokens('tokensRemove'),
  },
  {
    name: 'keys generate',
    operands: 'TOKEN ALIAS',
    summary: 'make a key in a token',
    options: [
      ...HERE,
      {
        name: 'spec',
        value: 'SPEC',
        summary: 'ed25519 (default), ecdsa-p256, rsa-2048, rsa-3072, rsa-4096 or ml-dsa-44',
      },
    ],
    notes: ['A token may be able to make fewer of them.'],
    examples: ['keys generate hsm seal-2027 --spec ecdsa-p256'],
    run: keys('keysGenerate'),
  },
  {
    name: 'keys list',
    operands: '[TOKEN]',
    summary: 'show keys, what they are used for, and their certificates',
    options: HERE,
    notes: [],
    examples: ['keys list', 'keys list hsm --json'],
    run: keys('keysList'),
  },
  {
    name: 'keys test',
    operands: '[TOKEN [ALIAS|all]]',
    summary: 'have keys sign, and check what they signed',
    options: HERE,
    notes: ['Without TOKEN: the keys that seal. Exit code 1 when one fails.'],
    examples: ['keys test', 'keys test hsm all'],
    run: keys('keysTest'),
  },
  {
    name: 'keys csr',
    operands: 'TOKEN ALIAS',
    summary: 'make a certificate signing request (PKCS#10)',
    options: [
      ...HERE,
      DEFAULT_KEY,
      { name: 'subject', value: 'DN', summary: 'whose certificate it is to be, as "CN=log,O=Example,C=SE"' },
      { name: 'der', summary: 'DER in place of PEM' },
      { name: 'output', short: 'o', value: 'FILE', summary: 'write to a new file' },
    ],
    notes: [],
    examples: ['keys csr hsm seal-2027 --subject "CN=audit log,O=Example,C=SE" -o seal.csr'],
    run: keys('keysCsr'),
  },
  {
    name: 'keys delete-csr',
    operands: 'TOKEN ALIAS',
    summary: 'throw away the request that is kept for a key',
    options: HERE,
    notes: [],
    examples: ['keys delete-csr hsm seal-2027'],
    run: keys('keysDeleteCsr'),
  },
  {
    name: 'keys install-certificate',
    operands: 'TOKEN ALIAS',
    summary: "keep a key's own certificate with it",
    options: [
      ...HERE,
      DEFAULT_KEY,
      { name: 'file', value: 'FILE', summary: 'the certificate, PEM or DER; - is standard input' },
      EXPIRED,
    ],
    notes: ['It is active from then on: that of the key that seals is given out with the checkpoint.'],
    examples: ['keys install-certificate hsm seal-2027 --file seal.crt'],
    run: keys('keysInstallCertificate'),
  },
  {
    name: 'keys install-chain',
    operands: 'TOKEN ALIAS',
    summary: "keep a key's certificate and those above it",
    options: [
      ...HERE,
      DEFAULT_KEY,
      { name: 'file', value: 'FILE', summary: "PEM, the key's own certificate first; - is standard input" },
      EXPIRED,
    ],
    notes: ['Each certificate has to be issued by the next.'],
    examples: ['keys install-chain hsm seal-2027 --file chain.pem'],
    run: keys('keysInstallChain'),
  },
  {
    name: 'keys activate',
    operands: 'TOKEN ALIAS',
    summary: 'have the certificate of a key given out again',
    options: HERE,
    notes: [],
    examples: ['keys activate hsm seal-2027'],
    run: keys('keysActivate'),
  },
  {
    name: 'keys deactivate',
    operands: 'TOKEN ALIAS',
    summary: 'keep the certificate of a key, and give it out no more',
    options: HERE,
    notes: [],
    examples: ['keys deactivate hsm seal-2027'],
    run: keys('keysDeactivate'),
  },
  {
    name: 'keys delete-certificate',
    operands: 'TOKEN ALIAS',
    summary: 'throw away the certificates of a key',
    options: HERE,
    notes: [],
    examples: ['keys delete-certificate hsm seal-2027'],
    run: keys('keysDeleteCertificate'),
  },
  {
    name: 'keys rename',
    operands: 'TOKEN ALIAS NEW',
    summary: 'give a key another alias',
    options: HERE,
    notes: ['Not to one that seals or stands by.'],
    examples: ['keys rename hsm tmp seal-2028'],
    run: keys('keysRename'),
  },
  {
    name: 'keys select',
    operands: 'TOKEN ALIAS',
    summary: 'have another key seal the log from now on',
    options: [
      ...HERE,
      {
        name: 'also',
        value: 'TOKEN/ALIAS',
        summary: 'keys that seal beside it, several with commas between',
      },
      {
        name: 'stand-by',
        summary: 'only announce it, as the key that may take over when those that seal are lost',
      },
      { name: 'without-old', summary: 'the keys that seal are lost: one that stands by takes over' },
    ],
    notes: [
      'Old and new keys sign the checkpoint between them, so whoever verifies follows. --stand-by without a key withdraws.',
    ],
    examples: ['keys select hsm seal-2027', 'keys select --stand-by software spare'],
    run: keys('keysSelect'),
  },
  {
    name: 'keys import',
    operands: 'TOKEN ALIAS',
    summary: 'take a private key from a file into a token',
    options: [
      ...HERE,
      { name: 'file', value: 'FILE', summary: 'PKCS#8 in PEM; - is standard input' },
      {
        name: 'passphrase',
        value: 'FROM',
        summary: 'of an encrypted one: env:NAME, file:PATH or prompt (default)',
      },
    ],
    notes: ['Software tokens take keys in; devices make their own.'],
    examples: ['keys import software old --file old-seal.key'],
    run: keys('keysImport'),
  },
  {
    name: 'keys remove',
    operands: 'TOKEN ALIAS',
    summary: 'destroy a key and its certificates, for good',
    options: HERE,
    notes: ['Not one that seals or stands by: select another first.'],
    examples: ['keys remove hsm seal-2026'],
    run: keys('keysRemove'),
  },
];
