import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { TallystickError } from '../../src/errors.ts';
import type { KeyInfo } from '../../src/keys/key-info.ts';
import type { KeySpec } from '../../src/tokens/mod.ts';
import { isCi } from '../runs.ts';
import { missing as noDevice, SoftHsm } from '../tokens/softhsm.ts';
import { type Hands, type HandsKind, hands } from './hands.ts';
import { type Kind, kinds } from './kinds.ts';
import { base64, Ca } from './openssl.ts';

/** Rejects with this code, and says what to do. */
export async function refused(act: Promise<unknown>, code: string, says = /./): Promise<void> {
  const error = await act.then(
    (value) => assert.fail(`not refused with ${code}: ${inspect(value)}`),
    (reason) => reason,
  );
  assert.ok(error instanceof TallystickError, inspect(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, says);
}

/** The life of keys in every kind of token, by these hands. */
export function lifeOfKeys(by: HandsKind): void {
  const hsm = noDevice === undefined ? new SoftHsm() : null;
  describe(`the life of keys, by ${by}`, () => {
    // The last kind is a device. By library each kind is lived through everywhere.
    for (const kind of by === 'library' || isCi ? kinds(hsm) : kinds(hsm).slice(-1)) {
      // Commands take longer, and do the same.
      for (const spec of by === 'library' ? kind.specs : kind.specs.slice(0, 1)) {
        const skip = kind.missing ?? false;
        test(`${kind.name}, ${spec}`, { skip, timeout: 120_000 }, (t) => live(by, kind, spec, t));
      }
    }
  });
}

async function live(by: HandsKind, kind: Kind, spec: KeySpec, t: TestContext): Promise<void> {
  const hand = await hands(by, t);
  const settings = await kind.make(hand.dir);
  await hand.do('tokens/init', { name: 'vault', settings });
  const token = (await hand.do('tokens/list', {})).find(({ name }) => name === 'vault');
  assert.deepEqual([token?.state, token?.pin, token?.pinFrom], ['active', '_MASKED_', settings.pin]);

  const first = { token: 'vault', alias: kind.given ?? 'first' };
  if (kind.given === undefined) await hand.do('keys/generate', { ...first, spec });
  else await refused(hand.do('keys/generate', { token: 'vault', alias: 'new', spec }), 'TOKEN_UNSUPPORTED');
  const [key] = (await hand.do('keys/list', { token: 'vault' })) as [KeyInfo];
  assert.deepEqual([key.alias, key.spec, key.role, key.problem], [first.alias, spec, null, null]);
  const results = await hand.do('keys/test', { token: 'vault', alias: 'all' });
  assert.deepEqual(results, [{ ...first, success: true, status: '', publicKeyHash: key.publicKeyHash }]);

  const ca = new Ca(hand.dir);
  const subject = 'CN=audit log\\, 1+UID=x,OU=é,O=Example,C=SE';
  const csr = await hand.do('keys/csr', { ...first, subject });
  const own = ca.issue(csr.pem);
  const chain = `${own}${ca.certificate}`;
  if (kind.given === undefined) await certify(hand, first, chain, ca);
  else await refused(hand.do('keys/installChain', { ...first, file: base64(chain) }), 'TOKEN_UNSUPPORTED');

  await hand.append();
  await hand.do('keys/select', { keys: [first] });
  await hand.append();
  const given = new X509Certificate((await hand.certificate()) ?? '');
  const seals = await hand.do('keys/list', { token: 'vault' });
  assert.deepEqual(
    seals.map(({ alias, role }) => [alias, role]),
    [[first.alias, 'seals']],
  );
  assert.equal(given.fingerprint256.replaceAll(':', '').toLowerCase(), seals[0]?.certificate?.sha256);
  assert.deepEqual(await hand.verdict(), { verdict: 'intact', keys: 2 });
  await refused(hand.do('keys/remove', first), 'KEY_IN_USE', /select another key first/);
  await refused(hand.do('tokens/remove', { name: 'vault' }), 'TOKEN_IN_USE');

  // Under another name the log finds it all the same.
  await hand.do('tokens/rename', { name: 'vault', to: 'strongroom' });
  await hand.append();
  const next = { token: kind.given ? 'software' : 'strongroom', alias: 'second' };
  await hand.do('keys/generate', { ...next, spec });
  await hand.do('keys/select', { keys: [next] });
  await hand.append();
  const old = { ...first, token: 'strongroom' };
  if (kind.given === undefined) await hand.do('keys/remove', old);
  else await refused(hand.do('keys/remove', old), 'TOKEN_UNSUPPORTED');
  assert.deepEqual(await hand.verdict(), { verdict: 'intact', keys: 3 });
  assert.equal(await hand.certificate(), null);
  checkRecords(await hand.records(), kind);
}

async function certify(
  hand: Hands,
  first: { token: string; alias: string },
  chain: string,
  ca: Ca,
): Promise<void> {
  const installed = await hand.do('keys/installChain', { ...first, file: base64(chain) });
  assert.deepEqual(
    [installed.certificate?.active, installed.certificate?.issuers, installed.csr],
    [true, 1, null],
  );
  await hand.do('keys/deactivate', first);
  const [off] = await hand.do('keys/list', { token: first.token });
  assert.equal(off?.certificate?.active, false);
  await hand.do('keys/activate', first);
  // Renewed: the issuer above it stays, and so does no request.
  const again = await hand.do('keys/csr', { ...first, subject: 'CN=renewed' });
  const renewed = await hand.do('keys/installCertificate', { ...first, file: base64(ca.issue(again.pem)) });
  assert.deepEqual([renewed.certificate?.subject, renewed.certificate?.issuers], ['CN=renewed', 1]);
  await hand.do('keys/deleteCertificate', first);
  await refused(hand.do('keys/activate', first), 'CERTIFICATE_NOT_FOUND', /install one first/);
  await hand.do('keys/csr', { ...first, subject: 'CN=thrown away' });
  await hand.do('keys/deleteCsr', first);
  await refused(hand.do('keys/deleteCsr', first), 'CERTIFICATE_NOT_FOUND');
  await hand.do('keys/installChain', { ...first, file: base64(chain) });
}

type Json = Awaited<ReturnType<Hands['records']>>[number];

/** Every act left its record, with its fields, and no PIN is anywhere. */
function checkRecords(records: readonly Json[], { given, name }: Kind): void {
  const outcomes = records.filter(({ phase }) => phase !== 'attempt');
  const of = (event: string) => outcomes.filter((record) => record.event === event);
  const count = (event: string, outcome: string) =>
    of(event).filter((record) => record.outcome === outcome).length;
  const made = given === undefined;
  const expected: Record<string, [success: number, failure: number]> = {
    'Initialize token': [1, 0],
    KEYGEN: made ? [2, 0] : [1, 1],
    KEYTEST: [1, 0],
    GENCSR: made ? [3, 0] : [1, 0],
    CERTINSTALLED: made ? [1, 0] : [0, 0],
    CERTCHAININSTALLED: made ? [2, 0] : [0, 1],
    'Enable certificate': made ? [1, 1] : [0, 0],
    'Disable certificate': made ? [1, 0] : [0, 0],
    'Delete certificate': made ? [1, 0] : [0, 0],
    'Delete CSR': made ? [1, 1] : [0, 0],
    KEYSELECTED: [2, 0],
    KEY_CHANGE: [2, 0],
    KEYREMOVE: made ? [1, 1] : [0, 2],
    'Delete token': [0, 1],
    'Set friendly name to token': [1, 0],
  };
  const found = Object.keys(expected).map((event) => [
    event,
    [count(event, 'success'), count(event, 'failure')],
  ]);
  assert.deepEqual(Object.fromEntries(found), expected, name);
  for (const record of outcomes.filter(({ outcome }) => outcome === 'failure'))
    assert.ok(record.reason, record.event);
  const [init] = of('Initialize token');
  assert.equal(init?.details['added:PIN'], '_MASKED_');
  const [gencsr] = of('GENCSR');
  assert.match(gencsr?.details.CSR, /^MI/);
  assert.match(
    of('KEYTEST')[0]?.details.TESTRESULTS,
    /^KeyTestResult\{alias=.+, success=true, status=, publicKeyHash=[0-9a-f]{64}\}$/,
  );
  const removed = of('KEYREMOVE').at(-1);
  assert.equal(removed?.details.SUCCESS, made);
  for (const { actor } of of('KEYGEN')) assert.match(actor.name, /^(library|CLI user .+)$/);
  const text = JSON.stringify(records);
  for (const secret of ['Boxk', 'usr-471147']) assert.ok(!text.includes(secret));
}
