import { readFileSync, statSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import type { KeyInfo, KeyName } from '../keys/key-info.ts';
import type { KeyTestResult } from '../keys/key-test.ts';
import { KEY_SPECS, PinSource } from '../tokens/mod.ts';
import { once } from './administer.ts';
import { askSecret } from './ask-secret.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { ExportFile } from './export-file.ts';
import { safeText } from './safe-text.ts';
import { table } from './table-text.ts';
import { done } from './tokens.ts';

const MAX_FILE = 256 * 1024;

export async function keysGenerate(call: Call): Promise<number> {
  const name = nameOf(call);
  const text = call.text('spec') ?? 'ed25519';
  const spec = KEY_SPECS.find((each) => each === text);
  if (spec === undefined)
    throw call.usage(`--spec is ${JSON.stringify(text)}; there are: ${KEY_SPECS.join(', ')}`);
  const key = await once(call, 'keys/generate', { ...name, spec });
  return done(call, key, `Made the key ${shown(name)}, ${spec}.\nPublic key: SHA-256 ${key.publicKeyHash}`);
}

export async function keysImport(call: Call): Promise<number> {
  const name = nameOf(call);
  const file = call.text('file');
  if (file === undefined) throw call.usage('--file names the private key, PKCS#8 in PEM');
  const pem = (await fileOf(call, file)).toString('latin1');
  const passphrase = pem.includes('ENCRYPTED') ? await passphraseOf(call) : undefined;
  const key = await once(call, 'keys/import', {
    ...name,
    pem,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  const text = `Took in the key ${shown(name)}, ${key.spec}. Its file is still there: delete it, or keep it safe.`;
  return done(call, key, text);
}

export async function keysList(call: Call): Promise<number> {
  call.expect(0, 1);
  const [token] = call.operands;
  const keys = await once(call, 'keys/list', token === undefined ? {} : { token });
  const { stdout } = call.io;
  if (call.json) await stdout.json({ keys });
  else if (keys.length === 0) await stdout.line('There are no keys.');
  else
    await stdout.write(
      table(['TOKEN', 'KEY', 'KIND', 'USE', 'PUBLIC KEY', 'CERTIFICATE'], keys.map(rowOf), stdout),
    );
  return EXIT.ok;
}

function rowOf({ token, alias, problem, spec, role, publicKeyHash, certificate, csr }: KeyInfo): string[] {
  const requested = csr === null ? 'none' : `requested for ${csr.subject}`;
  const held =
    certificate === null
      ? requested
      : `${certificate.subject}, to ${new Date(certificate.notAfter).toISOString().slice(0, 10)}, ${certificate.active ? 'active' : 'not active'}`;
  const cells = [token, alias, spec ?? '-', role ?? '-', publicKeyHash?.slice(0, 16) ?? '-', problem ?? held];
  return cells.map(safeText);
}

export async function keysTest(call: Call): Promise<number> {
  call.expect(0, 2);
  const [token, alias] = call.operands;
  const given = { ...(token === undefined ? {} : { token }), ...(alias === undefined ? {} : { alias }) };
  const results = await once(call, 'keys/test', given);
  const { stdout } = call.io;
  if (call.json) await stdout.json({ results });
  else for (const result of results) await stdout.line(testLine(call, result));
  return results.every(({ success }) => success) ? EXIT.ok : EXIT.refused;
}

function testLine(
  { io: { stdout } }: Call,
  { success, status, publicKeyHash, ...name }: KeyTestResult,
): string {
  return success
    ? `${stdout.style('green', 'works')}  ${shown(name)}  ${publicKeyHash}`
    : `${stdout.style('red', 'fails')}  ${shown(name)}  ${safeText(status)}`;
}

export async function keysCsr(call: Call): Promise<number> {
  const subject = call.text('subject');
  if (subject === undefined)
    throw call.usage('--subject is the distinguished name, as "CN=log,O=Example,C=SE"');
  const output = call.text('output');
  const isDer = call.isSet('der');
  if (isDer && output === undefined && !call.json)
    throw call.usage('--der needs --output FILE: it is no text');
  const csr = await once(call, 'keys/csr', { ...nameOrDefault(call), subject });
  if (output !== undefined) {
    const file = await ExportFile.create(call.path(output));
    try {
      await file.write(isDer ? Buffer.from(csr.der, 'base64') : csr.pem);
      await file.finish();
    } finally {
      await file.close();
    }
  }
  if (call.json) await call.io.stdout.json(csr);
  else if (output === undefined) await call.io.stdout.write(csr.pem);
  else await call.io.stdout.line(`The request for ${shown(csr)} is in ${safeText(output)}.`);
  return EXIT.ok;
}

export async function keysDeleteCsr(call: Call): Promise<number> {
  const name = nameOf(call);
  await once(call, 'keys/deleteCsr', name);
  return done(call, name, `The request of ${shown(name)} is thrown away.`);
}

export async function keysInstallCertificate(call: Call): Promise<number> {
  return install(call, 'keys/installCertificate');
}

export async function keysInstallChain(call: Call): Promise<number> {
  return install(call, 'keys/installChain');
}

async function install(call: Call, act: 'keys/installCertificate' | 'keys/installChain'): Promise<number> {
  const name = nameOrDefault(call);
  const file = call.text('file');
  if (file === undefined) throw call.usage('--file names the certificates, PEM or DER; - is standard input');
  const bytes = await fileOf(call, file);
  const expired = call.isSet('expired') ? { allowExpired: true } : {};
  const key = await once(call, act, { ...name, file: bytes.toString('base64'), ...expired });
  const { subject, notAfter, issuers } = key.certificate as NonNullable<KeyInfo['certificate']>;
  const above = issuers === 0 ? '' : ` with ${issuers} above it`;
  const until = new Date(notAfter).toISOString().slice(0, 10);
  return done(
    call,
    key,
    `${shown(key)} has a certificate of ${safeText(subject)}${above}, to ${until}; it is active.`,
  );
}

export async function keysActivate(call: Call): Promise<number> {
  const name = nameOf(call);
  await once(call, 'keys/activate', name);
  return done(call, name, `The certificate of ${shown(name)} is active.`);
}

export async function keysDeactivate(call: Call): Promise<number> {
  const name = nameOf(call);
  await once(call, 'keys/deactivate', name);
  return done(call, name, `The certificate of ${shown(name)} is kept, and not given out.`);
}

export async function keysDeleteCertificate(call: Call): Promise<number> {
  const name = nameOf(call);
  await once(call, 'keys/deleteCertificate', name);
  return done(call, name, `${shown(name)} has no certificate any more.`);
}

export async function keysRename(call: Call): Promise<number> {
  call.expect(3, 3);
  const [token, alias, to] = call.operands as [string, string, string];
  await once(call, 'keys/rename', { token, alias, to });
  return done(
    call,
    { token, alias: to, before: alias },
    `${shown({ token, alias })} is ${shown({ token, alias: to })} now.`,
  );
}

export async function keysRemove(call: Call): Promise<number> {
  const name = nameOf(call);
  await once(call, 'keys/remove', name);
  return done(call, name, `The key ${shown(name)} is gone, with its certificates.`);
}

export async function keysSelect(call: Call): Promise<number> {
  const standBy = call.isSet('stand-by');
  const keys = [...(standBy && call.operands.length === 0 ? [] : [nameOf(call)]), ...also(call)];
  const withoutOld = call.isSet('without-old');
  await once(call, 'keys/select', { keys, standBy, withoutOld });
  const names = keys.map(shown).join(' and ');
  if (!standBy) return done(call, { keys }, `${names} seals the log from now on.`);
  return done(
    call,
    { keys, standBy },
    keys.length === 0 ? 'No key stands by any more.' : `${names} stands by.`,
  );
}

function also(call: Call): KeyName[] {
  return (call.text('also')?.split(',') ?? []).map((text) => {
    const at = text.indexOf('/');
    if (at < 1 || at === text.length - 1)
      throw call.usage('--also takes TOKEN/ALIAS, several with commas between');
    return { token: text.slice(0, at), alias: text.slice(at + 1) };
  });
}

function nameOf(call: Call): KeyName {
  call.expect(2, 2);
  const [token, alias] = call.operands as [string, string];
  return { token, alias };
}

function nameOrDefault(call: Call): Partial<KeyName> {
  if (!call.isSet('default-key')) return nameOf(call);
  if (call.operands.length > 0) throw call.usage('--default-key is the key that seals; no other is named');
  return {};
}

function shown({ token, alias }: KeyName): string {
  return safeText(`${token}/${alias}`);
}

/** A file, or standard input for `-`. Throws `UsageError` FILE_UNREADABLE. */
async function fileOf(call: Call, path: string): Promise<Buffer> {
  if (path !== '-') {
    try {
      if (statSync(call.path(path)).size > MAX_FILE) throw new Error(`it is larger than ${MAX_FILE} bytes`);
      return readFileSync(call.path(path));
    } catch (cause) {
      const message = `${call.path(path)} cannot be read: ${(cause as Error).message}`;
      throw new UsageError('FILE_UNREADABLE', message, { cause });
    }
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of call.io.stdin) {
    parts.push(Buffer.from(part as Buffer));
    bytes += (part as Buffer).length;
    if (bytes > MAX_FILE)
      throw new UsageError('FILE_UNREADABLE', `standard input is larger than ${MAX_FILE} bytes`);
  }
  return Buffer.concat(parts);
}

async function passphraseOf(call: Call): Promise<string> {
  const from = call.text('passphrase') ?? 'prompt';
  if (from.startsWith('env:')) return PinSource.environment(from.slice(4), call.io.env).read('import');
  if (from.startsWith('file:')) return PinSource.file(call.path(from.slice(5))).read('import');
  if (from !== 'prompt') throw call.usage('--passphrase is env:NAME, file:PATH or prompt');
  const typed = await askSecret(call.io, 'Passphrase of the key file');
  if (typed !== undefined) return typed;
  throw new UsageError(
    'TOKEN_PASSPHRASE',
    'the key file is encrypted; give its passphrase on a terminal, or by --passphrase',
  );
}
