import type { Pin } from '../checkpoint/mod.ts';
import { continueLog } from '../continue.ts';
import { UsageError } from '../errors.ts';
import { stateDirectory } from '../places.ts';
import { cliUser } from './administer.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { counted } from './format.ts';
import { RememberedPins } from './pins.ts';
import { safeText } from './safe-text.ts';
import { findServer } from './server-here.ts';

/** Begins a new log that continues one which cannot go on. */
export async function continueOther(call: Call): Promise<number> {
  call.expect(1, 1);
  const previous = call.path(call.operands[0] as string);
  const reason = call.text('reason');
  if (reason === undefined) throw call.usage('it needs --reason TEXT: what happened');
  if (call.text('data') === undefined) throw call.usage('it needs --data DIR: where the new log is to be');
  const server = await findServer(previous);
  if (server !== null) {
    server.close();
    throw new UsageError('LOG_HELD', `a server runs on ${previous}; stop it first`);
  }
  const [node, keyFile] = [call.text('node'), call.text('key-file')];
  const pin = rememberedPin(call, previous, node);
  const passphrase = call.io.env.TALLYSTICK_PASSPHRASE;
  const continued = await continueLog({
    ...{ previous, data: call.data, reason, damaged: call.isSet('damaged'), by: cliUser() },
    state: stateDirectory(call.io.env),
    ...(node === undefined ? {} : { node }),
    ...(pin === null ? {} : { pin }),
    ...(keyFile === undefined ? {} : { keyFile: call.path(keyFile) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  const { data, origin, vkey, quoted, report } = continued;
  const { stdout } = call.io;
  if (call.json) {
    const previousLog = report === null ? null : { verdict: report.verdict, findings: report.findings };
    await stdout.json({ ...continued, report: previousLog });
    return EXIT.ok;
  }
  await stdout.line(
    `${safeText(origin)} in ${safeText(data)} continues ${safeText(quoted.origin)} at ${counted(quoted.size, 'record')}`,
  );
  const found = report?.findings.filter((finding) => finding.class === 'fail') ?? [];
  for (const { code, message } of found) await stdout.line(`  declared: ${code}: ${safeText(message)}`);
  if (report === null)
    await stdout.line('  declared: nothing of the log could be read; its head is that of the pin');
  if (quoted.newer !== null)
    await stdout.line('  declared: records beyond are lost; the newest checkpoint known of them is quoted');
  await stdout.line(`  its key, for auditors to pin: ${safeText(vkey)}`);
  await stdout.line(
    `  ${safeText(previous)} was not changed: keep it, write-protected, it proves what came before`,
  );
  return EXIT.ok;
}

/** What is remembered of the log there; null when nothing is, or of several. */
function rememberedPin(call: Call, place: string, node: string | undefined): Pin | null {
  const pins = new RememberedPins(stateDirectory(call.io.env), place);
  const nodes = pins.nodes().filter((each) => node === undefined || each === node);
  return nodes.length === 1 ? pins.of(nodes[0] as string).read() : null;
}
