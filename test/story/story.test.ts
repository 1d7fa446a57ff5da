/** The sample story: real where it says so, the same for a seed, and told alike by four systems. */

import assert from 'node:assert/strict';
import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { p256 } from '@noble/curves/nist.js';
import { writeStory } from '../../scripts/story/write.ts';
import type { AuditLog } from '../../src/audit-log.ts';
import { deriveObjects } from '../../src/catalog/mod.ts';
import { detectDialect, FLAGS } from '../../src/dialects/mod.ts';
import { openLog } from '../../src/open.ts';
import { trace } from '../../src/reader/trace.ts';
import type { AuditRecord, RecordDraft, SignatureInfo } from '../../src/record/types.ts';

const STORY = fileURLToPath(new URL('../../examples/story/', import.meta.url));
const LOGS = [
  'logs/signserver-audit.log',
  'logs/signserver-worker.log',
  'logs/ca_audit',
  'logs/kra_cert-kra_audit',
  'logs/central-server-audit.log',
  'logs/security-server-audit.log',
  'logs/digicert-audit.csv',
  'logs/digicert-signatures.csv',
];
const SYSTEMS = ['digicert', 'dogtag', 'signserver', 'xroad'];
const STRANGER = '203.0.113.66';

function read(name: string): Buffer {
  return readFileSync(join(STORY, name));
}

function certificate(name: string): X509Certificate {
  return new X509Certificate(read(`certs/${name}.pem`));
}

function parsed(name: string): RecordDraft[] {
  const bytes = read(name);
  const detected = detectDialect(bytes);
  assert.ok(detected !== null, name);
  const parser = detected.dialect.parser();
  return [...parser.push(bytes), ...parser.end()].flatMap(({ record }) => record ?? []);
}

function signatureOf({ signature }: RecordDraft): SignatureInfo {
  return signature as SignatureInfo;
}

test('it is what the script writes', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-story-'));
  t.after(() => rmSync(dir, { recursive: true }));
  await writeStory(dir, { seed: 'story', routine: 0 });
  for (const name of [...LOGS, ...readdirSync(join(STORY, 'certs')).map((name) => `certs/${name}`)])
    assert.deepEqual(
      readFileSync(join(dir, name)),
      read(name),
      `${name} is not current: run npm run story, and look at what changed`,
    );
});

describe('more of it is the story with ordinary days around it', () => {
  for (const routine of [1, 29, 777, 3_000])
    test(`${routine} lines more, and no other`, async (t) => {
      const dir = mkdtempSync(join(tmpdir(), 'tallystick-story-'));
      t.after(() => rmSync(dir, { recursive: true }));
      const counts = await writeStory(dir, { seed: 'story', routine });
      const lines = (file: Buffer): string[] => file.toString().split(/\n(?=\d)/);
      const signing = (file: Buffer): number =>
        lines(file).filter((line) => line.includes('[AuditEvent=AUDIT_LOG_SIGNING]')).length;
      let more = 0;
      for (const name of LOGS) {
        const file = readFileSync(join(dir, name));
        more += counts[name.slice('logs/'.length)]! - signing(file);
        more -= parsed(name).length - signing(read(name));
      }
      assert.equal(more, routine);
      const told = readFileSync(join(dir, 'logs/signserver-audit.log'), 'utf8');
      for (const line of lines(read('logs/signserver-audit.log'))) assert.ok(told.includes(line.trimEnd()));
    });
});

describe('what it says is true', () => {
  test('certificates are issued by its authority', () => {
    const ca = certificate('ca');
    for (const name of readdirSync(join(STORY, 'certs')))
      assert.ok(new X509Certificate(read(`certs/${name}`)).verify(ca.publicKey), name);
  });

  test('every signature holds, but for one that is false', () => {
    const { publicKey } = certificate('seal');
    const verdicts = parsed('logs/digicert-signatures.csv')
      .filter((record) => signatureOf(record).value !== undefined)
      .map((record) => {
        const { hash, value } = signatureOf(record);
        const digest = Buffer.from(hash!, 'hex');
        return { record, holds: verifyDigest(publicKey, digest, Buffer.from(value!, 'base64')) };
      });
    const wrong = verdicts.filter(({ holds }) => !holds);
    assert.ok(verdicts.length > 4);
    assert.deepEqual(
      wrong.map(({ record }) => record.actor?.ip),
      [STRANGER],
    );
  });

  for (const [file, name, least] of [
    ['ca_audit', 'caAudit', 6],
    ['kra_cert-kra_audit', 'kraAudit', 4],
  ] as const)
    test(`Dogtag signed ${file}`, () => {
      const { publicKey } = certificate(name);
      let covered = '';
      let checked = 0;
      for (const line of read(`logs/${file}`)
        .toString()
        .split(/(?<=\n)/)) {
        const sig = /\[AuditEvent=AUDIT_LOG_SIGNING\].* sig: (\S+)\n$/.exec(line)?.[1];
        if (sig !== undefined) {
          assert.ok(verify('sha256', Buffer.from(covered), publicKey, Buffer.from(sig, 'base64')), line);
          covered = '';
          checked++;
        }
        covered += line;
      }
      assert.ok(checked >= least, String(checked));
      assert.match(covered, /AUDIT_LOG_SIGNING/);
      assert.equal(covered.split('\n').length, 2, 'the last line is a signature');
    });

  test('every request was signed by the key it asks a certificate for', () => {
    const requests = parsed('logs/signserver-audit.log').filter(({ event }) => event === 'GENCSR');
    assert.equal(requests.length, 3);
    const keys = ['seal', 'friend', 'stamp'].map((name) =>
      createPublicKey(read(`certs/${name}.pem`))
        .export({ type: 'spki', format: 'der' })
        .toString('base64'),
    );
    for (const { details } of requests) {
      const der = Buffer.from((details as { CSR: string }).CSR, 'base64').toString('base64');
      assert.equal(
        keys.filter((key) => Buffer.from(der, 'base64').includes(Buffer.from(key, 'base64'))).length,
        1,
      );
    }
  });

  test('one keypair leaves the service though nobody approved it', () => {
    const rows = parsed('logs/digicert-audit.csv').reverse();
    const open = new Map<string, boolean>();
    const unapproved: string[] = [];
    for (const { event, details } of rows) {
      const row = details as Record<string, string>;
      if (row['Resource type'] !== 'KEYPAIR') continue;
      const id = row['Resource ID']!;
      if (event === 'Request') open.set(id, false);
      if (event === 'Approve') open.set(id, true);
      if (event === 'Download' && open.get(id) === false) unapproved.push(row.Description!);
    }
    assert.deepEqual(unapproved, ['Keypair export, wrapped']);
  });
});

test('every line is understood, and what is flagged has its reason', () => {
  for (const name of LOGS) {
    for (const { flags = [], raw } of parsed(name)) {
      const [flag] = flags;
      if (flag === undefined) continue;
      assert.ok(Object.hasOwn(FLAGS, flag), flag);
      // A client that tries to forge a field; the false hash that was cut off.
      assert.match(
        JSON.stringify(raw),
        /AttemptedCred|Invalid hash/,
        `${name}: ${flags} ${JSON.stringify(raw)}`,
      );
    }
  }
});

describe('one thing in four systems', () => {
  let log: AuditLog;
  let dir: string;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tallystick-story-'));
    log = await openLog({ data: join(dir, 'data'), node: 'n', state: join(dir, 'state') });
    for (const name of LOGS) await log.append(parsed(name), { source: 'story' });
  });
  after(async () => {
    await log.close();
    rmSync(dir, { recursive: true });
  });

  async function found(query: string): Promise<AuditRecord[]> {
    const { records } = await log.search({ query, limit: 1_000 });
    return records.map(({ status, record }) => {
      assert.equal(status, 'verified');
      return record!;
    });
  }

  const systems = (records: readonly AuditRecord[]): string[] =>
    [...new Set(records.map(({ system }) => system))].sort();

  test('the alias of the key', async () => {
    assert.deepEqual(systems(await found('key:seal-2026')), SYSTEMS);
  });

  test('the serial number of its certificate, by whatever it is called', async () => {
    const { issuer, serialNumber, fingerprint256 } = certificate('seal');
    const dn = issuer.split('\n').reverse().join(',');
    const followed = await trace(log, 'certificate', `${dn}#${serialNumber.toLowerCase()}`);
    assert.ok(followed.same.some(({ id }) => id === fingerprint256.replaceAll(':', '').toLowerCase()));
    const { records } = await log.search({ query: followed.filter, limit: 1_000 });
    assert.deepEqual(systems(records.map(({ record }) => record!)), SYSTEMS);
  });

  test('the hash of a file', async () => {
    const anchor = (await found('system:xroad event:"Upload configuration anchor"'))[0]!;
    const [file] = deriveObjects(anchor).filter(({ kind }) => kind === 'file');
    assert.deepEqual(systems(await found(`file:${file!.id} OR "${file!.id}"`)), SYSTEMS);
  });

  test('a person', async () => {
    assert.deepEqual(systems(await found('actor:*alice*')), SYSTEMS);
  });

  test('an address', async () => {
    assert.deepEqual(systems(await found(`ip:${STRANGER}`)), SYSTEMS);
  });

  test('the false friend is not joined', async () => {
    const seal = await trace(log, 'key', 'HSM1/seal-2026');
    const friend = await trace(log, 'key', 'TEST/seal-2026');
    const ids = seal.same.map(({ id }) => id);
    assert.ok(ids.length >= 3, String(ids));
    assert.deepEqual(
      friend.same.filter(({ id }) => ids.includes(id)),
      [],
    );
    // Nothing proves what the archive holds by this name, so it stands apart as well.
    const apart = seal.alike.map(({ id }) => id);
    assert.ok(friend.same.length >= 3 && friend.same.every(({ id }) => apart.includes(id)), String(apart));
    assert.ok(apart.includes('dogtag/seal-2026'), String(apart));
    const { records } = await log.search({ query: seal.filter, limit: 1_000 });
    assert.ok(records.length > 0);
    for (const { record } of records) {
      assert.equal((record!.details as Record<string, string>).CRYPTOTOKEN === 'TEST', false);
    }
    const theirs = await log.search({ query: friend.filter, limit: 1_000 });
    const joined = new Set(records.map(({ seq }) => seq));
    assert.ok(theirs.records.length > 3);
    assert.deepEqual(
      theirs.records.filter(({ seq }) => joined.has(seq)).map(({ record }) => record?.event),
      [],
    );
    await assert.rejects(trace(log, 'key', 'seal-2026'), { code: 'LOG_NOT_FOUND' });
  });
});

/** ECDSA over a digest that is at hand; Node verifies messages only. */
function verifyDigest(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const { x, y } = key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]);
  return p256.verify(signature, digest, point, { prehash: false, lowS: false, format: 'der' });
}
