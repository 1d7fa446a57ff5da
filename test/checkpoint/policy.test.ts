import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  checkPolicy,
  checkpointBody,
  cosignCheckpoint,
  cosignerKeyFromSpki,
  formatNote,
  isSameDemand,
  parsePolicy,
  signCheckpoint,
  vkeyFromSpki,
} from '../../src/checkpoint/mod.ts';
import { concatBytes, utf8 } from '../../src/crypto/bytes.ts';
import { testSigner } from './signers.ts';

const ORIGIN = 'log.example/a';
const BODY = checkpointBody(ORIGIN, 300, new Uint8Array(32).fill(7));
const LOG = testSigner('log');
const LOG_KEY = vkeyFromSpki(ORIGIN, 'ed25519', LOG.publicKey);
const W = ['x1', 'x2', 'x3', 'y1', 'y2', 'y3'];
const vkey = (name: string): string =>
  cosignerKeyFromSpki(`${name}.example`, 'ed25519', testSigner(name).publicKey).vkey;
const WITNESSES = W.map((name) => `witness ${name} ${vkey(name)}\n`).join('');
const HEAD = `log ${LOG_KEY}\n${WITNESSES}`;
const TWO_LEVELS = `# the specification's example
${HEAD}
group X 2 x1 x2 x3
group Y any y1 y2 y3
\tgroup both  all X Y \t
quorum both
`;

/** A note cosigned by these, at these times. */
async function cosigned(times: Record<string, number>, body = BODY): Promise<string> {
  const lines = [await signCheckpoint(body, ORIGIN, LOG)];
  for (const [name, time] of Object.entries(times)) {
    lines.push(await cosignCheckpoint(body, `${name}.example`, testSigner(name), time));
  }
  return formatNote(body, lines.join(''));
}

test("the specification's example, read", () => {
  const policy = parsePolicy(TWO_LEVELS);
  assert.deepEqual(
    policy.logs.map(({ key, url }) => [key.vkey, url]),
    [[LOG_KEY, null]],
  );
  assert.deepEqual(
    policy.witnesses.map(({ name }) => name),
    W,
  );
  assert.deepEqual(policy.groups, [
    { name: 'X', threshold: 2, members: ['x1', 'x2', 'x3'] },
    { name: 'Y', threshold: 1, members: ['y1', 'y2', 'y3'] },
    { name: 'both', threshold: 2, members: ['X', 'Y'] },
  ]);
  assert.equal(policy.quorum, 'both');
  assert.equal(
    parsePolicy(`witness w ${vkey('x1')} https://w.example/\nquorum w\n`).witnesses[0]?.url,
    'https://w.example/',
  );
});

test('every rule that is broken is refused with its line', () => {
  const one = `witness w ${vkey('x1')}\n`;
  const cases: readonly (readonly [string, number])[] = [
    ['', 1],
    ['quorum none', 1],
    ['quorum none\r\n', 1],
    ['quorum none\0\n', 1],
    ['quorum none\nquorum none\n', 2],
    ['quorum\n', 1],
    ['quorum none none\n', 1],
    ['quorum w\n', 1],
    [`${one}quorum W\n`, 2],
    [`quorum w\n${one}`, 1],
    [one, 2],
    ['unknown x\nquorum none\n', 1],
    ['Log x\nquorum none\n', 1],
    [`log\nquorum none\n`, 1],
    [`log rubbish\nquorum none\n`, 1],
    [`log ${vkey('x1')}\nquorum none\n`, 1],
    [`log ${LOG_KEY} url more\nquorum none\n`, 1],
    [`log ${LOG_KEY}\nlog ${LOG_KEY}\nquorum none\n`, 2],
    [`witness w ${LOG_KEY}\nquorum w\n`, 1],
    [`witness w\nquorum w\n`, 1],
    [`witness none ${vkey('x1')}\nquorum none\n`, 1],
    [`${one}witness w ${vkey('x2')}\nquorum w\n`, 2],
    [`${one}witness v ${vkey('x1')}\nquorum w\n`, 2],
    [`${one}group w any w\nquorum w\n`, 2],
    [`${one}group none any w\nquorum w\n`, 2],
    [`${one}group g any\nquorum w\n`, 2],
    [`${one}group g 0 w\nquorum w\n`, 2],
    [`${one}group g 2 w\nquorum w\n`, 2],
    [`${one}group g 01 w\nquorum w\n`, 2],
    [`${one}group g -1 w\nquorum w\n`, 2],
    [`${one}group g 1.0 w\nquorum w\n`, 2],
    [`${one}group g any none\nquorum w\n`, 2],
    [`${one}group g any stranger\nquorum w\n`, 2],
    [`${one}group g any g\nquorum w\n`, 2],
    [`${one}group g 2 w w\nquorum g\n`, 2],
    [`${one}group g any w\ngroup h any w\nquorum h\n`, 3],
    [`${one}\u00a0quorum w\n`, 2],
  ];
  for (const [policy, line] of cases) {
    assert.throws(
      () => parsePolicy(policy),
      (error: { code?: string; message?: string; context?: { line?: number } }) =>
        error.code === 'POLICY_INVALID' &&
        error.context?.line === line &&
        error.message?.startsWith(`line ${line} of the policy: `) === true,
      JSON.stringify(policy),
    );
  }
});

test('one public key under two names is one witness, and a log is not its own', () => {
  const same = cosignerKeyFromSpki('other.example', 'ed25519', testSigner('x1').publicKey).vkey;
  const twice = `witness a ${vkey('x1')}\nwitness b ${same}\ngroup g all a b\nquorum g\n`;
  assert.throws(() => parsePolicy(twice), { code: 'POLICY_INVALID', context: { line: 2 } });
  const own = cosignerKeyFromSpki(ORIGIN, 'ed25519', LOG.publicKey).vkey;
  assert.throws(() => parsePolicy(`log ${LOG_KEY}\nwitness w ${own}\nquorum w\n`), {
    code: 'POLICY_INVALID',
    context: { line: 2 },
  });
});

test('names are octets: what looks alike is not alike, and what is no UTF-8 is told apart', () => {
  const line = (name: Uint8Array, key: string): Uint8Array =>
    concatBytes(utf8('witness '), name, utf8(` ${vkey(key)}\n`));
  const policy = parsePolicy(
    concatBytes(
      ...[line(utf8('K'), 'x1'), line(utf8('\u212a'), 'x2'), line(Uint8Array.of(0xe9), 'x3')],
      ...[line(utf8('é'), 'y1'), utf8('group g all K \u212a '), Uint8Array.of(0xe9, 0x0a)],
      utf8('quorum g\n'),
    ),
  );
  assert.equal(new Set(policy.witnesses.map(({ name }) => name)).size, 4);
  assert.equal(policy.groups[0]?.threshold, 3);
});

test('at least 32 logs, witnesses and groups', () => {
  const lines: string[] = [];
  for (let i = 0; i < 100; i++) {
    lines.push(`log ${vkeyFromSpki(`log${i}`, 'ed25519', testSigner(`log${i}`).publicKey)}`);
    lines.push(`witness w${i} ${vkey(`w${i}`)}`);
    lines.push(`group g${i} any w${i}`);
  }
  lines.push(`group all 100 ${Array.from({ length: 100 }, (_, i) => `g${i}`).join(' ')}`, 'quorum all', '');
  assert.equal(parsePolicy(lines.join('\n')).groups.length, 101);
  assert.throws(() => parsePolicy('#'.repeat(1024 * 1024 + 1)), { code: 'POLICY_INVALID' });
  assert.throws(() => parsePolicy('\n'.repeat(5_000)), { code: 'POLICY_INVALID' });
});

test('the quorum holds when both groups have witnessed, by the time of the last that was needed', async () => {
  const policy = parsePolicy(TWO_LEVELS);
  const cases: readonly (readonly [Record<string, number>, number | null])[] = [
    [{}, null],
    [{ x1: 10, y1: 5 }, null],
    [{ x1: 10, x2: 20, x3: 30 }, null],
    [{ y1: 1, y2: 2, y3: 3 }, null],
    [{ x1: 10, x3: 30, y2: 7 }, 30],
    [{ x1: 10, x2: 20, x3: 30, y1: 15, y3: 40 }, 20],
    [{ x1: 1, x2: 2, y1: 90, y2: 50 }, 50],
  ];
  for (const [times, by] of cases) {
    const answer = await checkPolicy(await cosigned(times), policy);
    assert.equal(answer.by, by, JSON.stringify(times));
    assert.equal(answer.holds, by !== null);
    assert.deepEqual(Object.fromEntries(answer.witnesses.map(({ name, time }) => [name, time])), times);
  }
});

test('one witness counts once, however many lines it has', async () => {
  const policy = parsePolicy(`${HEAD}group X 2 x1 x2 x3\nquorum X\n`);
  const lines = [await signCheckpoint(BODY, ORIGIN, LOG)];
  for (const time of [1, 2, 3])
    lines.push(await cosignCheckpoint(BODY, 'x1.example', testSigner('x1'), time));
  const answer = await checkPolicy(formatNote(BODY, lines.join('')), policy);
  assert.equal(answer.holds, false);
  assert.deepEqual(
    answer.witnesses.map(({ name, time }) => [name, time]),
    [['x1', 3]],
  );
});

test('a log that the policy does not name, or that signs by another name, is refused', async () => {
  const policy = parsePolicy(`${WITNESSES}quorum x1\n`);
  const note = await cosigned({ x1: 10 });
  await assert.rejects(checkPolicy(note, policy), { code: 'NOTE_UNTRUSTED' });
  assert.equal((await checkPolicy(note, policy, [LOG_KEY])).holds, true);
  assert.equal((await checkPolicy(note, parsePolicy(TWO_LEVELS), [LOG_KEY])).holds, false);
  const foreign = checkpointBody('log.example/b', 300, new Uint8Array(32));
  await assert.rejects(checkPolicy(await cosigned({}, foreign), parsePolicy(TWO_LEVELS)), {
    code: 'NOTE_UNTRUSTED',
  });
  const none = await checkPolicy(await cosigned({}), parsePolicy(`log ${LOG_KEY}\nquorum none\n`));
  assert.deepEqual([none.holds, none.by], [true, null]);
});

test('a bad cosignature of a witness of the policy refuses the note', async () => {
  const other = checkpointBody(ORIGIN, 301, new Uint8Array(32));
  const lines = [
    await signCheckpoint(BODY, ORIGIN, LOG),
    await cosignCheckpoint(other, 'x1.example', testSigner('x1'), 10),
  ];
  await assert.rejects(checkPolicy(formatNote(BODY, lines.join('')), parsePolicy(TWO_LEVELS)), {
    code: 'NOTE_UNTRUSTED',
  });
});

test('any octets are read or refused with a line, never anything else', () => {
  const word = fc.constantFrom(
    'log',
    'witness',
    'group',
    'quorum',
    'none',
    'any',
    'all',
    'w',
    '#',
    '0',
    vkey('x1'),
    LOG_KEY,
  );
  const text = fc
    .array(fc.array(word, { maxLength: 5 }), { maxLength: 8 })
    .map((lines) => `${lines.map((line) => line.join(' ')).join('\n')}\n`);
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 100 })), (policy) => {
      try {
        parsePolicy(policy);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'POLICY_INVALID');
      }
    }),
  );
});

test('two policies demand the same by the keys of their witnesses, not by what they call them', () => {
  const of = (names: readonly string[], quorum: string): ReturnType<typeof parsePolicy> =>
    parsePolicy(names.map((name, i) => `witness ${name} ${vkey(W[i] as string)}\n`).join('') + quorum);
  const two = of(['a', 'b', 'c'], 'group g 2 a b c\nquorum g\n');
  const same = `log ${LOG_KEY}\nwitness p ${vkey('x3')}\nwitness q ${vkey('x1')}\nwitness r ${vkey('x2')}\n`;
  assert.ok(isSameDemand(two, parsePolicy(`${same}group two 2 r q p\nquorum two\n`)));
  for (const other of [
    of(['a', 'b', 'c'], 'group g any a b c\nquorum g\n'),
    of(['a', 'b', 'c'], 'group g 2 a b\nquorum g\n'),
    of(['a', 'b', 'c'], 'quorum a\n'),
    of(['a'], 'quorum none\n'),
    parsePolicy(`witness a ${vkey('y1')}\nwitness b ${vkey('x2')}\ngroup g all a b\nquorum g\n`),
  ]) {
    assert.ok(!isSameDemand(two, other));
  }
  assert.ok(isSameDemand(of(['a'], 'quorum none\n'), parsePolicy('quorum none\n')));
});
