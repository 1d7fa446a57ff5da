import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import {
  cosignCheckpoint,
  cosignerKeyFromSpki,
  formatPin,
  parsePin,
  signatureLine,
} from '../../src/checkpoint/mod.ts';
import { concatBytes, utf8 } from '../../src/crypto/bytes.ts';
import { cosignatureWrites, type KeptCosignature } from '../../src/witness/client/kept.ts';
import { testSigner } from '../checkpoint/signers.ts';
import { type Json, type Ran, Sandbox } from '../cli/harness.ts';
import { inTurn, stride } from '../runs.ts';

/** A pin whose policy asks for two of three witnesses, and what the log has of them. */

const TIME = 1_800_000_000;
const nameOf = (witness: string): string => `${witness}.example/w`;
const keyOf = (witness: string): string =>
  cosignerKeyFromSpki(nameOf(witness), 'ed25519', testSigner(witness).publicKey).vkey;
const POLICY = `${['a', 'b', 'c'].map((w) => `witness ${w} ${keyOf(w)}\n`).join('')}group two 2 a b c\nquorum two\n`;

/** A cosignature in the state of the log: `by` over the checkpoint of `at`, kept as that of `over`. */
interface Given {
  readonly by: string;
  /** Which checkpoint was cosigned; the newer one when not given. */
  readonly at?: 'older' | 'newer';
  /** Which checkpoint it is kept with, when another. */
  readonly over?: 'older' | 'newer';
  /** Whose key it is, when not its own. */
  readonly key?: string;
  readonly time?: number;
}

interface Row {
  readonly what: string;
  readonly given: readonly Given[];
  /** Which finding says that it is not enough, and how; null when it is. */
  readonly found: readonly [code: string, message: RegExp] | null;
  /** Up to which checkpoint witnesses vouch for the log. */
  readonly covers?: 'older' | 'newer';
}

const DEMANDED = 'two \\(2 of a, b, c\\)';

const ROWS: readonly Row[] = [
  {
    what: 'two of three over one checkpoint',
    given: [{ by: 'a' }, { by: 'c' }],
    found: null,
    covers: 'newer',
  },
  {
    what: 'two over an older checkpoint, and one over the newer',
    given: [{ by: 'a', at: 'older' }, { by: 'b', at: 'older' }, { by: 'a' }],
    found: null,
    covers: 'older',
  },
  {
    what: 'none',
    given: [],
    found: ['no-quorum', new RegExp(`${DEMANDED}: none of its witnesses has cosigned one`)],
  },
  {
    what: 'one of three',
    given: [{ by: 'b' }],
    found: ['no-quorum', new RegExp(`${DEMANDED}: the most that one has is b \\(at \\d+ records\\)`)],
  },
  {
    what: 'two, each over another checkpoint',
    given: [{ by: 'a', at: 'older' }, { by: 'b' }],
    found: ['no-quorum', new RegExp(`${DEMANDED}: the most that one has is b \\(at \\d+ records\\)`)],
  },
  {
    what: 'two of whom the policy does not name one',
    given: [{ by: 'a' }, { by: 'stranger' }],
    found: ['no-quorum', /has is a \(at \d+ records\); stranger\.example\/w\+[0-9a-f]{8} cosigned, whom it/],
  },
  {
    what: 'two of whom one has another key than the policy names',
    given: [{ by: 'a' }, { by: 'b', key: 'another b' }],
    found: ['no-quorum', /has is a \(at \d+ records\); b\.example\/w\+[0-9a-f]{8} cosigned, whom it/],
  },
  {
    what: 'two, one of them without a time',
    given: [{ by: 'a' }, { by: 'b', time: 0 }],
    found: ['no-quorum', /the most that one has is a \(at/],
  },
  {
    what: 'two, one of them over the older checkpoint and put under the newer',
    given: [{ by: 'a' }, { by: 'b', at: 'older', over: 'newer' }],
    found: ['bad-signature', /the cosignature of b\.example\/w\+[0-9a-f]{8} is not good/],
  },
];

/** Everything that shows what a log holds. */
const READS: readonly (readonly string[])[] = [
  ['search', 'event:EVENT_0'],
  ['get', '1'],
  ['tail'],
  ['export'],
  ['trace', 'key', 'k1'],
  ['checkpoint'],
];

class PinnedLog {
  readonly #box: Sandbox;
  readonly #notes: Readonly<Record<'older' | 'newer', string>>;
  readonly sizes: Readonly<Record<'older' | 'newer', number>>;
  readonly file: string;
  readonly #pin: string;
  readonly #node: string;

  private constructor(box: Sandbox, older: Json, newer: Json, file: string) {
    this.#box = box;
    this.#notes = { older: older.checkpoint, newer: newer.checkpoint };
    this.sizes = { older: older.size, newer: newer.size };
    this.file = file;
    const pin = parsePin(readFileSync(file, 'utf8'));
    this.#node = pin.origin.slice(pin.origin.lastIndexOf('/') + 1);
    this.#pin = formatPin({ ...pin, policy: POLICY });
  }

  static async make(box: Sandbox): Promise<PinnedLog> {
    await box.fill(3, { objects: [{ kind: 'key', id: 'k1' }] });
    const older = (await box.ok(['checkpoint', '--json'])).json;
    const { file } = (await box.ok(['pin', 'create', '--json'])).json;
    await box.fill(3);
    const newer = (await box.ok(['checkpoint', '--no-pin', '--json'])).json;
    await box.fill(2);
    return new PinnedLog(box, older, newer, file);
  }

  /** Puts these cosignatures, and no others, into the log's state, and begins with the pin as it was. */
  async set(given: readonly Given[]): Promise<void> {
    writeFileSync(this.file, this.#pin);
    const state = new Map<string, string>();
    for (const [i, each] of given.entries()) {
      for (const { key, value } of cosignatureWrites(this.#node, await this.#kept(each, i), new Map())) {
        // Of one witness several days, as those of different days are kept.
        state.set(key.includes('/day/') ? `${key}-${i}` : key, value as string);
      }
    }
    const db = new DatabaseSync(join(this.#box.data, 'log.db'));
    db.exec(`DELETE FROM state WHERE key LIKE 'witness/%'`);
    for (const [key, value] of state) db.prepare('INSERT INTO state VALUES (?, ?)').run(key, value);
    db.close();
  }

  get isAsBefore(): boolean {
    return readFileSync(this.file, 'utf8') === this.#pin;
  }

  async #kept(
    { by, at = 'newer', over = at, key = by, time = TIME }: Given,
    i: number,
  ): Promise<KeptCosignature> {
    const textOf = (which: 'older' | 'newer'): string => {
      const note = this.#notes[which];
      return note.slice(0, note.indexOf('\n\n') + 1);
    };
    const signer = testSigner(key);
    let lines = await cosignCheckpoint(textOf(at), nameOf(by), signer, time || TIME);
    if (time === 0) {
      const { id, statement } = { ...timeless(nameOf(by), signer.publicKey) };
      const { data, before } = statement(utf8(textOf(at)));
      lines = signatureLine(nameOf(by), id, concatBytes(before, await signer.sign(data)));
    }
    const receivedAt = (TIME + i) * 1_000;
    return { name: nameOf(by), size: this.sizes[over], time, receivedAt, note: this.#notes[over], lines };
  }
}

function timeless(name: string, publicKey: Uint8Array) {
  const key = cosignerKeyFromSpki(name, 'ed25519', publicKey);
  return { id: key.id, statement: (text: Uint8Array) => key.statement(text, 0) };
}

function failures({ json }: Ran): readonly Json[] {
  const all = [...json.findings, ...(json.logs ?? []).flatMap((log: Json) => log.findings)];
  return all.filter((finding: Json) => finding.class === 'fail');
}

describe('a pin that asks for two of three witnesses', () => {
  test('is held by every command, and what is missing is said with the rule that misses it', async (t) => {
    const box = new Sandbox(t);
    const log = await PinnedLog.make(box);
    for (const [turn, { what, given, found, covers }] of ROWS.entries()) {
      await log.set(given);
      const commands: readonly (readonly string[])[] = [
        ['verify', '--pin', log.file],
        ['verify', '--pin', log.file, '--from', '1', '--to', '3'],
        ['pin', 'update', log.file],
        ['pin', 'update'],
      ];
      for (const argv of inTurn(commands, turn)) {
        await log.set(given);
        const about = `${what}: ${argv.join(' ')}`;
        const ran = await box.run([...argv, '--json']);
        assert.equal(ran.code, found === null ? 0 : 1, `${about}: ${ran.out}${ran.err}`);
        const { covered } = ran.json.witnessed ?? {};
        assert.equal(covered?.size, covers === undefined ? undefined : log.sizes[covers], about);
        if (found === null) continue;
        const match = failures(ran).find(({ code }) => code === found[0]);
        assert.match(match?.message ?? '', found[1], about);
        assert.ok(log.isAsBefore, `${about}: the pin stays as it was`);
        assert.match((await box.run(argv)).out, found[1], about);
      }
      for (const argv of inTurn(READS, turn)) {
        await log.set(given);
        const about = `${what}: ${argv.join(' ')}`;
        const ran = await box.run([...argv, '--json']);
        assert.equal(ran.code, found === null ? 0 : 1, `${about}: ${ran.out}${ran.err}`);
        if (found === null) continue;
        assert.deepEqual([ran.lines.length, ran.lines[0].error.code], [1, 'PIN_CONTRADICTED'], about);
        assert.match(ran.err, found[1], about);
        assert.match(ran.err, new RegExp(`${found[0]}: .*--no-pin reads it all the same`), about);
        assert.ok(log.isAsBefore, about);
        if (argv[0] === 'get') await box.ok([...argv, '--no-pin']);
      }
    }
  });

  test('is held by evidence: over records that a quorum vouches for, and over no others', async (t) => {
    const box = new Sandbox(t);
    const log = await PinnedLog.make(box);
    for (const [turn, { what, given, found, covers }] of ROWS.entries()) {
      await log.set(given);
      // Made where nothing is remembered: who verifies it has the pin.
      const file = box.at('e.json');
      const env = { TALLYSTICK_STATE: box.at('none') };
      const made = await box.run(['evidence', 'create', '1', '-o', file, '--replace', '--json'], { env });
      assert.equal(made.code, 0, `${what}: ${made.out}${made.err}`);
      const ran = await box.run(['evidence', 'verify', file, '--pin', log.file, '--json']);
      assert.equal(ran.code, found === null ? 0 : 1, `${what}: ${ran.out}`);
      if (found !== null) {
        const message = failures(ran).find(({ code }) => code === found[0])?.message ?? '';
        const gap = new RegExp(`${DEMANDED}: (the most that one has is|none of its witnesses)`);
        assert.match(message, found[0] === 'no-quorum' ? gap : found[1], what);
      }
      if (turn % stride(3) !== 0) continue;
      // A record behind what they vouch for is not covered by that.
      const last = String(log.sizes[covers ?? 'newer']);
      await box.ok(['evidence', 'create', last, '-o', file, '--replace', '--json'], { env });
      const beyond = await box.run(['evidence', 'verify', file, '--pin', log.file, '--json']);
      assert.equal(beyond.code, 1, `${what}: ${JSON.stringify(failures(beyond))}`);
      assert.ok(
        failures(beyond).some(({ code }) => code === 'no-quorum'),
        what,
      );
    }
  });

  test('is not said to be missed by a part that has no record at its size: it cannot be told', async (t) => {
    const box = new Sandbox(t);
    const log = await PinnedLog.make(box);
    await log.set([{ by: 'a' }, { by: 'b' }]);
    const { covered } = (await box.ok(['verify', '--pin', log.file, '--json'])).json.witnessed;
    writeFileSync(box.at('policy'), POLICY);
    writeFileSync(box.at('held'), covered.note);
    await box.ok(['export', '--no-pin', '--from', '0', '--to', '1', '-o', 'part.ndjson']);
    await box.ok(['export', '--no-pin', '-o', 'whole.ndjson']);
    const verify = ['verify', '--policy', 'policy', '--cosigned', 'held', '--export'];
    await box.ok([...verify, 'whole.ndjson']);
    const part = await box.run([...verify, 'part.ndjson']);
    assert.equal(part.code, 2, part.out);
    assert.match(part.out, /^NOT COMPARED: (?:.|\n)*notice not-compared: (?:.|\n)*could not be told/);
    assert.doesNotMatch(part.out, /no quorum/);
    assert.match((await box.ok([...verify, 'whole.ndjson'])).out, /cut off, would not show/);
  });

  test('begins with no quorum nowhere', async (t) => {
    const box = new Sandbox(t);
    const log = await PinnedLog.make(box);
    writeFileSync(box.at('policy'), POLICY);
    await log.set([{ by: 'a' }]);
    const refused = await box.run(['pin', 'create', '-o', 'new.pin', '--policy', 'policy']);
    assert.equal(refused.code, 1);
    assert.match(refused.out, /REFUSED: no pin was made\n.*no-quorum: .*the most that one has is a \(at/);
    assert.notEqual((await box.run(['pin', 'show', 'new.pin'])).code, 0);
    await log.set([{ by: 'a' }, { by: 'b' }]);
    const { json } = await box.ok(['pin', 'create', '-o', 'new.pin', '--policy', 'policy', '--json']);
    assert.equal(json.witnessed.covered.size, log.sizes.newer);
  });
});
