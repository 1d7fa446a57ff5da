import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { edit, sealAgain } from '../../src/cli/demo/forge.ts';
import { tamper } from '../../src/cli/demo/scene.ts';
import { LAYOUT } from '../../src/places.ts';
import { openSoftwareKey } from '../../src/tokens/software.ts';
import { type Json, type Ran, Sandbox } from '../cli/harness.ts';
import { inTurn } from '../runs.ts';
import { begin, goOn, type Organisation, serveWitness } from './organisation.ts';

const RECORDS = 20;

/** A log whose witness is at another organisation, cosigned before its key changes. */
class Witnessed {
  readonly box: Sandbox;
  readonly log: Organisation;
  readonly witness: Awaited<ReturnType<typeof serveWitness>>;
  /** Size of the newest checkpoint that was cosigned. */
  cosigned = 0;

  private constructor(box: Sandbox, log: Organisation, witness: Witnessed['witness']) {
    this.box = box;
    this.log = log;
    this.witness = witness;
  }

  static async begin(t: TestContext, standBy: boolean): Promise<Witnessed> {
    const box = new Sandbox(t);
    const log = await begin(box, 'a', RECORDS);
    const witness = await serveWitness(t, box, [log.vkey, '--data', box.at('b'), '--name', 'b.example/w']);
    const begun = new Witnessed(box, log, witness);
    await begun.ok(['witness', 'add', witness.url, witness.keys[0]!]);
    await begun.ok(['keys', 'generate', 'software', 'next']);
    if (standBy) await begun.ok(['keys', 'select', '--stand-by', 'software', 'next']);
    await begun.ask();
    begun.writePolicy(log.vkey);
    cpSync(log.data, box.at('older'), { recursive: true });
    return begun;
  }

  ok(argv: readonly string[]): Promise<Ran> {
    return this.box.ok([...argv, '--data', this.log.data]);
  }

  /** Resolves with the key that seals from now on. */
  async changeKey(takesOver: boolean): Promise<string> {
    await this.ok(['keys', 'select', 'software', 'next', ...(takesOver ? ['--without-old'] : [])]);
    const { keys } = (await this.ok(['checkpoint', '--no-pin', '--json'])).json;
    assert.notEqual(keys[0], this.log.vkey);
    return keys[0];
  }

  async ask(state = 'state'): Promise<Json> {
    const env = { TALLYSTICK_STATE: this.box.at(state) };
    const asked = await this.box.run(['witness', 'ask', '--json', '--data', this.log.data], { env });
    const [outcome] = asked.json;
    assert.equal(asked.code, outcome.result === 'cosigned' ? 0 : 1);
    if (outcome.result === 'cosigned') this.cosigned = outcome.size;
    return outcome;
  }

  writePolicy(vkey: string): void {
    const witness = `witness b.example ${this.witness.keys[0]}`;
    writeFileSync(this.box.at('policy'), `log ${vkey}\n${witness}\nquorum b.example\n`);
  }

  /** As an auditor does it, who knows a policy and asks the witness. */
  async verify(more: readonly string[] = ['--no-pin']): Promise<Ran> {
    const argv = ['verify', '--policy', this.box.at('policy'), '--cosigned', this.witness.url];
    return this.box.run([...argv, '--data', this.log.data, '--json', ...more]);
  }

  /** Puts a copy in place of the log. */
  restore(name: string): void {
    rmSync(this.log.data, { recursive: true });
    cpSync(this.box.at(name), this.log.data, { recursive: true });
  }

  /** Whoever has the key that seals now edits a record, and seals all from there on anew. */
  async rebuild(at: number, key: string): Promise<void> {
    const file = key === this.log.vkey ? LAYOUT.key : 'next.key';
    const signer = openSoftwareKey({ file: join(this.log.data, file) });
    const stored = tamper(this.log.data, (store) => store.contents());
    edit(stored, at, { event: 'NEVER_HAPPENED' });
    stored.checkpoints = stored.checkpoints.filter(({ size }) => size <= at);
    await sealAgain(stored, signer);
    tamper(this.log.data, (store) => store.replace(stored));
  }
}

function found({ code, json }: Ran): readonly [number, readonly string[]] {
  const failures = json.findings.filter((finding: Json) => finding.class === 'fail');
  return [code, failures.map((finding: Json) => finding.code)];
}

/** Both ways in which a log gets another key: signed for by the one before, and taken over by one that stood by. */
const WAYS = [
  { how: 'the key changes', takesOver: false },
  { how: 'a stand-by takes over', takesOver: true },
];

for (const { how, takesOver } of inTurn(WAYS, 0)) {
  test(`${how}: the witness is told, the log goes on being cosigned, and verifies from the old key and the new`, async (t) => {
    const log = await Witnessed.begin(t, takesOver);
    const { box, witness } = log;
    const pin = ['--pin', box.at('a.pin')];
    await log.ok(['pin', 'create', '-o', box.at('a.pin'), '--policy', box.at('policy')]);
    const before = log.cosigned;
    const vkey = await log.changeKey(takesOver);
    await goOn(box, log.log, RECORDS);

    const refused = await log.ask();
    assert.equal(refused.code, 'WITNESS_REFUSED');
    assert.ok(refused.message.includes(`tallystick witness add-log '${vkey}'`), refused.message);
    // What it cosigned before the change stands, for whoever knows the old key and whoever knows the new one.
    for (const key of [log.log.vkey, vkey]) {
      log.writePolicy(key);
      const { code, json } = await log.verify();
      assert.deepEqual([code, json.witnessed.covered?.size], [0, before]);
    }

    await box.ok(['witness', 'add-log', vkey, '--data', box.at('b')]);
    assert.equal((await log.ask()).result, 'cosigned');
    assert.ok(log.cosigned > before + RECORDS);
    const fresh = /witnesses +ok +cosigned by 1 of 1 witnesses; the newest cosignature is \d+ seconds? old/;
    assert.match(
      (await log.ok(['status'])).out.replace(/\s+/g, ' '),
      new RegExp(fresh.source.replaceAll(' +', ' ')),
    );
    await box.ok(['witness', 'remove-log', log.log.vkey, '--data', box.at('b')]);
    await goOn(box, log.log, RECORDS);
    assert.equal((await log.ask()).result, 'cosigned');
    for (const key of [vkey, log.log.vkey]) {
      log.writePolicy(key);
      const { code, json } = await log.verify();
      assert.deepEqual([code, json.witnessed.covered?.size], [0, log.cosigned]);
    }
    const pinned = await box.ok(['verify', ...pin, '--data', log.log.data, '--json']);
    assert.deepEqual([pinned.json.pin.status, pinned.json.required], ['advanced', [vkey]]);
    assert.equal(pinned.json.witnessed.covered.size, log.cosigned);

    // Begun again as it was begun the first time, it does not believe the retired key again.
    await witness.stop();
    const argv = [log.log.vkey, '--data', box.at('b')];
    await (await serveWitness(t, box, argv)).stop();
    const [{ keys }] = (await box.ok(['witness', 'logs', '--data', box.at('b'), '--json'])).json;
    assert.deepEqual(keys, [vkey]);
    await box.ok(['witness', 'add-log', log.log.vkey, '--data', box.at('b')]);
    assert.equal((await box.ok(['witness', 'logs', '--data', box.at('b'), '--json'])).json[0].keys.length, 2);
  });
}

for (const { how, takesOver } of inTurn(WAYS, 1)) {
  test(`${how}: what the witness cosigned behind it exposes a log put back to before it, gone on with the old key, or rebuilt`, async (t) => {
    const log = await Witnessed.begin(t, takesOver);
    const { box } = log;
    const vkey = await log.changeKey(takesOver);
    await box.ok(['witness', 'add-log', vkey, '--data', box.at('b')]);
    await goOn(box, log.log, RECORDS);
    const edited = log.cosigned + 5;
    assert.equal((await log.ask()).result, 'cosigned');
    cpSync(log.log.data, box.at('good'), { recursive: true });

    // The old copy has its old cosignature, and names no key but the old one: and, as a stand-by, the one that took over.
    const expected = takesOver ? 'rolled-back' : 'unknown-key';
    log.restore('older');
    const back = await log.verify();
    assert.deepEqual(found(back), [1, [expected]]);
    const [{ message }] = back.json.findings;
    assert.match(message, new RegExp(`cosigned by b\\.example at 20\\d\\d-.* ${log.cosigned} records`));
    const alarm = await log.ask('elsewhere');
    assert.deepEqual([alarm.alarm?.kind, alarm.alarm?.proven], ['rolled-back', takesOver]);

    // Gone on with, by whoever has the old key alone, past what the witness has seen.
    assert.ok((await goOn(box, log.log, 3 * RECORDS, 'elsewhere')) > log.cosigned);
    assert.deepEqual(found(await log.verify()), [1, ['unknown-key']]);
    const fork = await log.ask('elsewhere');
    assert.deepEqual([fork.alarm?.kind, fork.alarm?.proven], ['split-view', false]);

    // Rebuilt behind the change by whoever has the new key, at whatever length.
    log.restore('good');
    await log.rebuild(edited, vkey);
    assert.deepEqual(found(await log.verify()), [1, ['split-view']]);
    const rebuilt = await log.ask('a third place');
    assert.deepEqual([rebuilt.alarm?.kind, rebuilt.alarm?.proven], ['split-view', true]);
  });
}

for (const { how, takesOver } of inTurn(WAYS, 2)) {
  test(`${how}: a witness that was not told holds a checkpoint from before it, and that exposes as much`, async (t) => {
    const log = await Witnessed.begin(t, takesOver);
    const { box } = log;
    const at = log.cosigned;
    const vkey = await log.changeKey(takesOver);
    await goOn(box, log.log, RECORDS);
    cpSync(log.log.data, box.at('good'), { recursive: true });
    assert.deepEqual(found(await log.verify()), [0, []]);

    // All of it made anew with its own keys, before and behind the change.
    const [old, next] = [LAYOUT.key, 'next.key'].map((name) =>
      openSoftwareKey({ file: join(log.log.data, name) }),
    );
    const stored = tamper(log.log.data, (store) => store.contents());
    assert.ok(old !== undefined && next !== undefined);
    edit(stored, 5, { event: 'NEVER_HAPPENED' });
    const kept: typeof stored.checkpoints = [];
    for (const { size } of stored.checkpoints.filter(({ keep }) => keep)) {
      const part = { ...stored, entries: stored.entries.slice(0, size), tiles: new Map(), payloads: [] };
      await sealAgain(part, old);
      let { signatures } = part.head;
      const { root } = part.head;
      // Of a stand-by's announcement and of a change both; of a take-over the new one alone.
      await sealAgain(part, next);
      signatures = takesOver && size > at ? part.head.signatures : signatures + part.head.signatures;
      kept.push({ size, root, signatures, keep: true });
    }
    await sealAgain(stored, next);
    stored.checkpoints = kept;
    tamper(log.log.data, (store) => store.replace(stored));
    const rebuilt = await log.verify();
    assert.deepEqual(found(rebuilt), [1, ['split-view']]);
    assert.match(rebuilt.json.findings[0].message, new RegExp(`shows another log of ${at} records`));
    // The running log can be asked about that once the witness knows its new key; what it holds bears the old one.
    await box.ok(['witness', 'add-log', vkey, '--data', box.at('b')]);
    const { alarm } = await log.ask('elsewhere');
    assert.deepEqual([alarm?.kind, alarm?.proven, alarm?.size], ['split-view', true, at]);
  });
}
