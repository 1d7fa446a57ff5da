import { UsageError } from '../errors.ts';
import type { PinPlace, TokenSettings } from '../keys/settings.ts';
import type { TokenInfo } from '../keys/token-admin.ts';
import { type Administering, once, openToAdminister } from './administer.ts';
import { askSecret, pipedSecret } from './ask-secret.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { safeText } from './safe-text.ts';
import { table } from './table-text.ts';

/** Shows the tokens. Resolves with the exit code, as all commands do. */
export async function tokensList(call: Call): Promise<number> {
  call.expect(0, 0);
  const admin = await openToAdminister(call, true, false);
  const tokens = await admin.do('tokens/list', {}).finally(() => admin.close());
  const { stdout } = call.io;
  if (call.json) await stdout.json({ tokens });
  else await stdout.write(table(['TOKEN', 'KIND', 'PIN', 'STATE', 'WHERE'], tokens.map(rowOf), stdout));
  return EXIT.ok;
}

function rowOf({ name, kind, pin, pinFrom, place, state, reason, seals }: TokenInfo): string[] {
  const shown = pin === null ? '-' : `${pin} (${pinFrom})`;
  const told = seals ? `${state}, seals` : state;
  const where = [place ?? 'of the program', ...(reason === undefined ? [] : [reason])].join(': ');
  return [name, kind, shown, told, where].map(safeText);
}

export async function tokensInit(call: Call): Promise<number> {
  call.expect(1, 1);
  const [name] = call.operands as [string];
  const settings = settingsOf(call);
  const admin = await openToAdminister(call, false);
  try {
    const pin = settings.pin === 'prompt' ? await secretFor(call, name) : {};
    await admin.do('tokens/init', { name, settings, ...pin });
  } finally {
    await admin.close();
  }
  return done(call, { token: name }, `Token ${safeText(name)} is there and can be used.`);
}

export async function tokensLogin(call: Call): Promise<number> {
  call.expect(1, 1);
  const [name] = call.operands as [string];
  const admin = await openToAdminister(call, true, false);
  try {
    const isAsked = call.isSet('ask') || (await pinPlace(admin, name)) === 'prompt';
    await admin.do('tokens/login', { name, ...(isAsked ? await secretFor(call, name) : {}) });
  } finally {
    await admin.close();
  }
  const shown = safeText(name);
  const text = admin.isServer
    ? `Token ${shown} is open.`
    : `Token ${shown} takes that PIN. No server runs here, so it is closed again; start one to keep it open.`;
  return done(call, { token: name, open: admin.isServer }, text);
}

export async function tokensLogout(call: Call): Promise<number> {
  call.expect(1, 1);
  const [name] = call.operands as [string];
  await once(call, 'tokens/logout', { name });
  return done(call, { token: name }, `Token ${safeText(name)} is closed.`);
}

export async function tokensRename(call: Call): Promise<number> {
  call.expect(2, 2);
  const [name, to] = call.operands as [string, string];
  await once(call, 'tokens/rename', { name, to });
  return done(call, { token: to, before: name }, `Token ${safeText(name)} is ${safeText(to)} from now on.`);
}

export async function tokensRemove(call: Call): Promise<number> {
  call.expect(1, 1);
  const [name] = call.operands as [string];
  await once(call, 'tokens/remove', { name });
  const text = `Token ${safeText(name)} is no longer used; its keys are where they were.`;
  return done(call, { token: name }, text);
}

/** Says that it is done, or as JSON what. */
export async function done(call: Call, document: object, text: string): Promise<number> {
  await (call.json ? call.io.stdout.json(document) : call.io.stdout.line(text));
  return EXIT.ok;
}

/** The PIN that somebody types, or that is piped in. */
async function secretFor(call: Call, token: string): Promise<{ pin?: string }> {
  const isTerminal = (call.io.stdin as { isTTY?: boolean }).isTTY === true;
  const pin = isTerminal
    ? await askSecret(call.io, `PIN of token ${safeText(token)}`)
    : await pipedSecret(call.io);
  if (pin !== undefined) return { pin };
  throw new UsageError(
    'TOKEN_PASSPHRASE',
    `token ${token} needs its PIN: type it on a terminal, or pipe it in as one line`,
  );
}

async function pinPlace(admin: Administering, name: string): Promise<string | null> {
  return (await admin.do('tokens/list', {})).find((token) => token.name === name)?.pinFrom ?? null;
}

function settingsOf(call: Call): TokenSettings {
  const kind = call.text('kind');
  const path = call.text('path');
  const library = call.text('library');
  const pin = call.text('pin');
  const from = pin === undefined ? {} : { pin: placeOf(call, pin) };
  if (kind !== 'software' && kind !== 'pkcs12' && kind !== 'pkcs11') {
    throw call.usage('--kind is software, pkcs12 or pkcs11');
  }
  // What is missing or too much is said, and recorded, by whoever keeps the settings.
  return {
    kind,
    ...(path === undefined ? {} : { path: call.path(path) }),
    ...(library === undefined ? {} : { library: call.path(library) }),
    ...slotOf(call),
    ...from,
  } as TokenSettings;
}

function slotOf(call: Call): object {
  const label = call.text('slot-label');
  const number = call.number('slot', 0, Number.MAX_SAFE_INTEGER);
  const index = call.number('slot-index', 0, Number.MAX_SAFE_INTEGER);
  const slot = {
    ...(label === undefined ? {} : { label }),
    ...(number === undefined ? {} : { number }),
    ...(index === undefined ? {} : { index }),
  };
  return Object.keys(slot).length === 0 ? {} : { slot };
}

/** `env:NAME`, `file:PATH` or `prompt`; a path counts from where the command was called. */
function placeOf(call: Call, text: string): PinPlace {
  return (text.startsWith('file:') ? `file:${call.path(text.slice('file:'.length))}` : text) as PinPlace;
}
