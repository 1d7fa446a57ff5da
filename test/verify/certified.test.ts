import 'reflect-metadata';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension } from '@peculiar/x509';
import fc from 'fast-check';
import { sha256 } from '#sha256';
import { signCheckpointByAll, vkeyFromSpki } from '../../src/checkpoint/mod.ts';
import { toHex, utf8 } from '../../src/crypto/bytes.ts';
import { payloadDigest } from '../../src/record/encode.ts';
import type { AuditRecord, Json } from '../../src/record/mod.ts';
import { type Report, type VerifyOptions, verifyLog, verifyRange } from '../../src/verify/mod.ts';
import { composeNote } from '../../src/verify/note.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { ca, type Holder, make, type Wanted } from '../timestamps/support/pki.ts';
import { BuiltLog, entryOf, forged, KEY, makeRecord, ORIGIN, START, VKEY } from './built-log.ts';
import { assertFound, assertIntact, brief } from './expect.ts';

/** Certificates of the sealing keys, as records of the log install them. */

const SIZE = 600;
const NEXT = testSigner('next');
const EARLY = START - 1_000_000;
const LATE = START + 100_000_000;
const WINDOW = { from: EARLY, to: LATE };

type Acts = Readonly<Record<number, Partial<AuditRecord>>>;

let root: Holder;
let between: Holder;
let own: Holder;
before(async () => {
  root = await ca('Root', null, WINDOW);
  between = await ca('Between', root, WINDOW);
  own = await seal('Seal', between);
});

/** A certificate of the log's key. */
function seal(subject: string, by: Holder, wanted: Wanted = {}): Promise<Holder> {
  return make(subject, by, { ...WINDOW, of: KEY.publicKey, ...wanted });
}

/** When record `seq` was logged, in whole seconds as certificates count. */
function at(seq: number): number {
  return START + 1_000 * seq;
}

function act(event: string, details: Record<string, unknown>): Partial<AuditRecord> {
  return {
    ...{ system: 'tallystick', event, outcome: 'success', source: 'tallystick' },
    details: details as { [name: string]: Json },
  };
}

function chain(...holders: readonly Holder[]): Partial<AuditRecord> {
  return act('CERTCHAININSTALLED', { CERTIFICATECHAIN: holders.map(({ pem }) => pem).join('') });
}

function alone({ pem }: Holder): Partial<AuditRecord> {
  return act('CERTINSTALLED', { CERTIFICATE: pem });
}

function named(event: string, { der }: Holder): Partial<AuditRecord> {
  const keyHash = toHex(sha256(KEY.publicKey));
  return act(event, { keyHash, certHash: toHex(sha256(der)), certHashAlgorithm: 'SHA-256' });
}

function build(acts: Acts, size: number = SIZE): Promise<BuiltLog> {
  return BuiltLog.build(size, 100, KEY, (seq) => makeRecord(seq, acts[seq] ?? {}));
}

async function verify(
  acts: Acts,
  anchors: readonly Holder[] = [root],
  more: VerifyOptions = {},
): Promise<Report> {
  const trustAnchors = anchors.map(({ der }) => der);
  return verifyLog(await build(acts), { keys: [VKEY], trustAnchors, ...more });
}

/** From, to, and what there is to say. */
function spans({ certified }: Report): [number, number, string][] {
  return certified?.spans.map(({ from, to, status }) => [from, to, status]) ?? [];
}

function skipped({ notChecked }: Report, pattern: RegExp): boolean {
  return notChecked.some(({ what, why }) => pattern.test(`${what}: ${why}`));
}

describe('certificates of sealing keys', () => {
  test('hold from the record on that installs them, wherever that is', async () => {
    for (const seq of [1, 254, 255, 256, 257, SIZE - 1]) {
      const report = await verify({ [seq]: chain(own, between) });
      assertIntact(report);
      assert.deepEqual(spans(report), [
        [0, seq, 'none'],
        [seq, SIZE, 'holds'],
      ]);
      const [, last] = report.certified?.spans ?? [];
      assert.deepEqual([last?.key, last?.certificate?.subject, last?.anchor], [VKEY, 'CN=Seal', 'CN=Root']);
      assert.deepEqual([report.certified?.covered, report.certified?.beyond], [SIZE, 0]);
      assert.ok(skipped(report, new RegExp(`for record(s 0 to ${seq - 1}| 0): none was installed`)));
      assert.ok(skipped(report, /^revocation of the certificates/));
    }
  });

  test('none: nothing is covered, and it is said', async () => {
    const report = await verify({});
    assertIntact(report);
    assert.deepEqual(spans(report), [[0, SIZE, 'none']]);
    assert.deepEqual([report.certified?.covered, report.certified?.beyond], [0, SIZE]);
    assert.ok(skipped(report, /for records 0 to 599: none was installed/));
    assert.ok(!skipped(report, /revocation/));
  });

  test('issuers come from any record, and count for what their issuer signed', async () => {
    const without = await verify({ 10: alone(own) });
    assertFound(without, [['certificate-unfit', 10, SIZE]]);
    assert.match(without.findings[0]?.message ?? '', /lead to none of the roots given/);
    const stranger = await make('Another', between, WINDOW);
    assertIntact(await verify({ 10: alone(own), 20: chain(stranger, between) }));
    // The issuer itself as the anchor, or the certificate itself.
    assertIntact(await verify({ 10: alone(own) }, [between]));
    assertIntact(await verify({ 10: alone(own) }, [await ca('Other'), own]));
  });

  test('under another anchor, or signed by somebody else in its name: a notice, and not covered', async () => {
    const other = await ca('Root', null, WINDOW);
    for (const report of [
      await verify({ 10: chain(own, between) }, [other]),
      await verify({ 10: chain(await seal('Seal', await ca('Between', other, WINDOW)), between) }),
      await verify({ 10: chain(await seal('Seal', await make('Root', root, WINDOW)), between) }),
    ]) {
      assertFound(report, [['certificate-unfit', 10, SIZE]]);
      assert.equal(report.verdict, 'intact');
      assert.equal(report.certified?.covered, 0);
    }
  });

  test('the certificate of another key, a chain turned round: none of this key', async () => {
    const stranger = await make('Stranger', root, { ...WINDOW, of: NEXT.publicKey });
    for (const acts of [alone(stranger), chain(between, own), chain(stranger, own)]) {
      assert.deepEqual(spans(await verify({ 10: acts })), [[0, SIZE, 'none']]);
    }
  });

  test('for what it is: key usage and extended key usage', async () => {
    const usage = (flags: number): Wanted => ({ extensions: [new KeyUsagesExtension(flags, true)] });
    const purpose = (...oids: string[]): Wanted => ({
      extensions: [new ExtendedKeyUsageExtension(oids, true)],
    });
    for (const fit of [
      usage(KeyUsageFlags.digitalSignature),
      usage(KeyUsageFlags.nonRepudiation),
      purpose('1.3.6.1.5.5.7.3.36'),
      purpose('1.3.6.1.5.5.7.3.2', '2.5.29.37.0'),
    ]) {
      assertIntact(await verify({ 10: alone(await seal('Seal', root, fit)) }));
    }
    for (const unfit of [
      usage(KeyUsageFlags.keyEncipherment),
      purpose('1.3.6.1.5.5.7.3.1'),
      purpose('1.3.6.1.5.5.7.3.8'),
    ]) {
      assertFound(await verify({ 10: alone(await seal('Seal', root, unfit)) }), [
        ['certificate-unfit', 10, SIZE],
      ]);
    }
    // Signed by what is no authority.
    const server = await make('Server', root, WINDOW);
    const report = await verify({ 10: chain(await seal('Seal', server), server) });
    assertFound(report, [['certificate-unfit', 10, SIZE]]);
  });

  test('expired while it was used: from which record on, of its own and of an issuer', async () => {
    const short = { ...WINDOW, to: at(300) };
    const shortBetween = await ca('Short', root, short);
    for (const acts of [
      chain(await seal('Seal', between, short), between),
      chain(await seal('Seal', shortBetween), shortBetween),
    ]) {
      const other = await ca('Other', null, { ...WINDOW, to: at(400) });
      const report = await verify({ 10: acts }, [root, other]);
      // The last second belongs to the validity.
      assertFound(report, [['certificate-expired', 301, SIZE]]);
      assert.match(report.findings[0]?.message ?? '', /records 301 to 599: .* was valid only until 20/);
      assert.deepEqual([report.certified?.covered, report.certified?.beyond], [301, 299]);
    }
  });

  test('installed when it had expired, installed before it was valid', async () => {
    const over = await seal('Seal', between, { ...WINDOW, to: at(5) });
    assertFound(await verify({ 10: chain(over, between) }), [['certificate-expired', 10, SIZE]]);
    const ahead = await seal('Seal', between, { ...WINDOW, from: at(300) });
    const report = await verify({ 10: chain(ahead, between) });
    assertFound(report, [['certificate-unfit', 10, 300]]);
    assert.deepEqual(spans(report).at(-1), [300, SIZE, 'holds']);
  });

  test('renewed in time, deactivated, activated again, thrown away', async () => {
    const first = await seal('Seal', between, { ...WINDOW, to: at(300) });
    assertIntact(await verify({ 10: chain(first, between), 290: alone(own) }));
    const report = await verify({
      10: chain(own, between),
      100: named('Disable certificate', own),
      200: named('Enable certificate', own),
      300: named('Delete certificate', own),
      400: named('Enable certificate', own),
      500: named('Enable certificate', between),
    });
    assertIntact(report);
    assert.deepEqual(spans(report), [
      [0, 10, 'none'],
      [10, 100, 'holds'],
      [100, 200, 'none'],
      [200, 300, 'holds'],
      [300, 400, 'none'],
      [400, 500, 'holds'],
      [500, SIZE, 'none'],
    ]);
    assert.ok(skipped(report, /records 100 to 199: it was deactivated/));
    assert.ok(skipped(report, /records 300 to 399: it was thrown away/));
    assert.ok(skipped(report, /records 500 to 599: no record has the one that was activated/));
  });

  test('only the log itself says which: not a producer, and not an act that failed', async () => {
    for (const more of [
      { system: 'signserver' },
      { system: 'signserver', details: { CERTIFICATE: own.pem, text: '"system":"tallystick"' } },
      { system: 'signserver', details: { CERTIFICATE: own.pem, nested: { system: 'tallystick' } } },
      { outcome: 'failure' as const },
      { outcome: 'void' as const },
    ]) {
      const report = await verify({ 10: { ...alone(own), ...more } }, [between]);
      assert.deepEqual(spans(report), [[0, SIZE, 'none']]);
    }
  });

  test('what can not be read is named', async () => {
    for (const CERTIFICATE of [
      own.pem.replace(/\n.{64}\n/, '\n'),
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'nothing',
      '',
      7,
    ]) {
      const report = await verify({ 10: act('CERTINSTALLED', { CERTIFICATE }) });
      assertIntact(report);
      assert.ok(skipped(report, /the certificates that record 10 installed/));
    }
  });

  test('a long chain is sealed content; without it nothing is believed', async () => {
    const salt = new Uint8Array(randomBytes(16));
    const bytes = utf8(JSON.stringify(own.pem + between.pem));
    const digest = payloadDigest(salt, bytes);
    const log = await build({
      10: act('CERTCHAININSTALLED', { CERTIFICATECHAIN: { bytes: bytes.length, payload: digest } }),
    });
    const options = { keys: [VKEY], trustAnchors: [root.der] };
    const without = await verifyLog(log, options);
    assertIntact(without);
    assert.ok(skipped(without, /the certificates that record 10 installed/));
    log.sealedPayloads = [{ seq: 10, digest, salt, bytes }];
    assert.deepEqual(spans(await verifyLog(log, options)).at(-1), [10, SIZE, 'holds']);
    log.sealedPayloads = [{ seq: 10, digest, salt, bytes: utf8(JSON.stringify(own.pem)) }];
    const altered = await verifyLog(log, options);
    assert.deepEqual([brief(altered), altered.certified], [[['payload-altered', 10, 11]], null]);
  });

  test('with a key change each key stands on its own', async () => {
    const other = await make('Next', root, { ...WINDOW, of: NEXT.publicKey });
    const nextKey = vkeyFromSpki(ORIGIN, NEXT.algorithm, NEXT.publicKey);
    const change = act('KEY_CHANGE', { key: nextKey, previousKey: VKEY });
    const certificates: Acts = { 10: chain(own, between), 30: alone(other) };
    for (const [acts, covered, beyond] of [
      [certificates, 300, 0],
      [{ 10: chain(own, between) }, 200, 100],
      [{ 30: alone(other) }, 300, 0],
    ] as const) {
      const log = await changed({ ...acts, 199: change });
      const report = await verifyLog(log, { keys: [VKEY], trustAnchors: [root.der] });
      assertIntact(report);
      assert.deepEqual([report.certified?.covered, report.certified?.beyond], [covered, beyond]);
      assert.deepEqual(
        report.certified?.spans.filter(({ key }) => key === nextKey).map(({ from, to }) => [from, to]),
        [[200, 300]],
      );
    }
  });

  test('time stamps say up to where somebody else does', async () => {
    const short = await seal('Seal', between, { ...WINDOW, to: at(300) });
    const dated = await Promise.all(
      (
        [
          [50, at(60)],
          [200, at(299)],
          [250, at(900)],
        ] as const
      ).map(async ([size, notLaterThan]) => {
        const head = await headAt({ 10: chain(short, between) }, size);
        return { ...head, size, notLaterThan, by: 'CN=Stamps' };
      }),
    );
    const report = await verify({ 10: chain(short, between) }, [root], { dated });
    assert.deepEqual(
      report.certified?.spans.map(({ datedTo }) => datedTo),
      [null, 200, null],
    );
  });

  test('of a log that does not hold, and of a part, nothing is said', async () => {
    const log = await build({ 10: chain(own, between) });
    const options = { keys: [VKEY], trustAnchors: [root.der] };
    const part = await verifyRange(log, 5, 20, options);
    assert.equal(part.certified, null);
    assert.ok(skipped(part, /^the certificates of the sealing keys: .*only the whole log/));
    (log.stored.get(0) as Uint8Array[])[5] = forged(5);
    const report = await verifyLog(log, options);
    assert.equal(report.certified, null);
    assert.ok(skipped(report, /^the certificates of the sealing keys: /));
    assert.equal((await verifyLog(log, { keys: [VKEY] })).certified, null);
  });

  test('anchors that are none are refused', async () => {
    const log = await build({}, 10);
    for (const trustAnchors of [[], [new Uint8Array(0)], [root.der, own.der.subarray(1)]]) {
      await assert.rejects(verifyLog(log, { trustAnchors }), { code: 'USAGE' });
    }
  });

  test('agrees with judging each record by itself', async () => {
    const moment = fc.integer({ min: -5, max: 45 });
    const validity = fc
      .tuple(moment, moment)
      .map(([a, b]) => ({ from: at(Math.min(a, b)), to: at(Math.max(a, b)) }));
    await fc.assert(
      fc.asyncProperty(validity, validity, fc.integer({ min: 1, max: 38 }), async (leaf, issuer, seq) => {
        const middle = await ca('Middle', root, issuer);
        const log = await build({ [seq]: chain(await seal('Seal', middle, leaf), middle) }, 40);
        const report = await verifyLog(log, { keys: [VKEY], trustAnchors: [root.der] });
        const holds = (n: number): boolean =>
          n >= seq && [leaf, issuer].every(({ from, to }) => at(n) >= from && at(n) < to + 1_000);
        const found = report.certified?.spans ?? [];
        assert.deepEqual(
          Array.from({ length: 40 }, (_, n) => found.find(({ to }) => n < to)?.status === 'holds'),
          Array.from({ length: 40 }, (_, n) => holds(n)),
        );
        // Without gap or overlap.
        assert.deepEqual([0, ...found.map(({ to }) => to)], [...found.map(({ from }) => from), 40]);
      }),
      { numRuns: 40 },
    );
  });
});

/** The head of the log when it had so many records. */
async function headAt(acts: Acts, size: number): Promise<{ root: string; note: string }> {
  const log = await build(acts, size);
  return { root: toHex(log.root), note: log.note };
}

/** A log of 300 records whose key is another one from 200 on; each is sealed as an honest log is. */
async function changed(acts: Acts): Promise<BuiltLog> {
  const log = new BuiltLog(KEY);
  for (const by of [[KEY], [KEY, NEXT], [NEXT]]) {
    const from = log.size;
    await log.append(
      Array.from({ length: 100 }, (_, i) => entryOf(makeRecord(from + i, acts[from + i] ?? {}))),
    );
    const body = (composeNote(ORIGIN, log.size, log.root, '') as string).slice(0, -1);
    log.signatures = await signCheckpointByAll(body, ORIGIN, by);
    log.kept[log.kept.length - 1] = { size: log.size, root: log.root, signatures: log.signatures };
    if (by.length === 2) log.changes.push(log.kept.at(-1) as (typeof log.kept)[number]);
  }
  return log;
}
