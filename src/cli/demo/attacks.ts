import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../../crypto/bytes.ts';
import { openSoftwareKey } from '../../tokens/software.ts';
import type { FindingCode } from '../../verify/mod.ts';
import {
  AT,
  draft,
  edited,
  forge,
  OLDER,
  rebuild,
  type Scene,
  SIZE,
  tamper,
  vkeyOf,
  WITH_PAYLOAD,
} from './scene.ts';

/** A finding and the records that it must name: [from, to). */
export interface Expected {
  readonly code: FindingCode;
  readonly from: number;
  readonly to: number;
}

/** One way to alter a log, and what must come of it. */
export interface Attack {
  /** Row in the table of attacks in docs/cli.md; several ways may belong to one. */
  readonly number: number;
  readonly title: string;
  /** Changes a copy of the log. */
  alter(data: string, scene: Scene): void | Promise<void>;
  /** What the verifier finds with nothing but the log; null when nothing in it can show the attack. */
  readonly alone: Expected | null;
  /** What it finds with the pin. */
  readonly pinned: Expected;
  /** Whether it takes `--deep` to be seen. */
  readonly deep?: true;
}

/** The bundle that record `AT` is in. */
const [BUNDLE, BUNDLE_END] = [256, 512];
/** Sizes of the two newest checkpoints that are kept, apart from the head's. */
const [KEPT_BEFORE, KEPT] = [251, 500];

/** By the numbers of the table of attacks. */
export const ATTACKS: readonly Attack[] = [
  {
    ...{ number: 1, title: 'edit a record' },
    alter: entriesOnly((entries) => {
      entries[AT] = edited(entries[AT] as Uint8Array, { actor: { name: 'somebody else' } });
    }),
    ...always('altered', AT, AT + 1),
  },
  {
    ...{ number: 1, title: 'edit a record, and the hashes over it' },
    alter: (data) =>
      rebuilt(data, (entries) => {
        entries[AT] = edited(entries[AT] as Uint8Array, { outcome: 'void' });
      }),
    ...always('altered', KEPT_BEFORE, KEPT),
  },
  {
    ...{ number: 1, title: 'write rubbish over a bundle' },
    alter: (data) => tamper(data, (store) => store.setBundle(1, utf8('rubbish'))),
    ...always('unreadable', BUNDLE, BUNDLE_END),
  },
  {
    ...{ number: 2, title: 'delete a record in the middle' },
    alter: entriesOnly((entries) => {
      entries.splice(AT, 1);
    }),
    ...always('missing', AT, AT + 1),
  },
  {
    ...{ number: 2, title: 'delete a bundle' },
    alter: (data) => tamper(data, (store) => store.setBundle(1, null)),
    ...always('missing', BUNDLE, BUNDLE_END),
  },
  {
    ...{ number: 3, title: 'cut the newest records off' },
    alter: entriesOnly((entries) => {
      entries.length = SIZE - 20;
    }),
    ...always('missing', SIZE - 20, SIZE),
  },
  {
    ...{ number: 3, title: 'cut back to an older signed checkpoint' },
    alter: cutToCheckpoint,
    alone: null,
    pinned: found('rolled-back', KEPT, SIZE),
  },
  {
    ...{ number: 4, title: 'swap two records' },
    alter: entriesOnly((entries) => {
      const [a, b] = [entries[AT] as Uint8Array, entries[AT + 7] as Uint8Array];
      entries[AT] = b;
      entries[AT + 7] = a;
    }),
    ...always('reordered', AT, AT + 1),
  },
  {
    ...{ number: 5, title: 'slip in a back-dated record' },
    alter: entriesOnly((entries) => {
      entries.splice(AT, 0, edited(entries[AT] as Uint8Array, { event: 'NEVER_HAPPENED' }));
    }),
    ...always('inserted', AT, AT + 1),
  },
  {
    ...{ number: 6, title: "rebuild everything with the log's own key" },
    alter: async (data, { pin, signer }) => {
      const { entries } = tamper(data, (store) => store.read());
      entries[AT] = edited(entries[AT] as Uint8Array, { event: 'NEVER_HAPPENED' });
      await forge(data, entries, pin.origin, signer);
    },
    alone: null,
    pinned: found('split-view', 0, SIZE),
  },
  {
    ...{ number: 7, title: 'put an older copy back' },
    alter: (data, scene) => scene.replace(data, scene.older),
    alone: null,
    pinned: found('rolled-back', OLDER, SIZE),
  },
  {
    ...{ number: 7, title: 'put an older copy back, and go on from it' },
    alter: (data, scene) => goOn(data, scene, SIZE + 50),
    alone: null,
    pinned: found('split-view', OLDER, SIZE),
  },
  {
    ...{ number: 8, title: 'show another log of the same length to others' },
    alter: (data, scene) => goOn(data, scene, SIZE),
    alone: null,
    pinned: found('split-view', OLDER, SIZE),
  },
  {
    ...{ number: 9, title: 'seal the head with another key' },
    alter: async (data, { pin }) => {
      const { entries } = tamper(data, (store) => store.read());
      await forge(data, entries, pin.origin, otherKey(data));
    },
    ...always('unknown-key', 0, SIZE),
  },
  {
    ...{ number: 9, title: 'rebuild everything with another key' },
    alter: (data, { pin }) => withOtherKey(data, pin.origin),
    alone: null,
    pinned: found('unknown-key', 0, SIZE),
  },
  {
    ...{ number: 9, title: 'put another log in its place' },
    alter: (data) => withOtherKey(data, 'demo-00000000/demo'),
    alone: null,
    pinned: found('other-log', 0, SIZE),
  },
  {
    ...{ number: 11, title: 'seal a record with an earlier time' },
    alter: async (data, { pin, signer }) => {
      const { entries } = tamper(data, (store) => store.read());
      entries[AT] = edited(entries[AT] as Uint8Array, { logged: Date.UTC(2020, 0) });
      await forge(data, entries, pin.origin, signer);
    },
    alone: found('clock-skew', AT, AT + 1),
    pinned: found('split-view', 0, SIZE),
    deep: true,
  },
  {
    ...{ number: 13, title: "change the head's size" },
    alter: (data) => tamper(data, (store) => store.setHead({ size: SIZE - 1 })),
    ...always('bad-signature', 0, SIZE - 1),
  },
  {
    ...{ number: 13, title: "change the head's root" },
    alter: (data) => tamper(data, (store) => store.setHead({ root: new Uint8Array(32) })),
    ...always('bad-signature', 0, SIZE),
  },
  {
    ...{ number: 13, title: 'change a hash tile' },
    alter: (data) => tamper(data, (store) => store.setTile(1, 0, new Uint8Array(64))),
    ...always('tile-altered', 0, BUNDLE_END),
  },
  {
    ...{ number: 13, title: 'change a kept checkpoint' },
    alter: (data) =>
      tamper(data, (store) => {
        const [first, second] = store.checkpoints();
        store.setCheckpoint(first?.size ?? 0, second?.signatures ?? '');
      }),
    ...always('bad-signature', 0, 1),
  },
  {
    ...{ number: 13, title: 'change a payload' },
    alter: (data) => tamper(data, (store) => store.setPayload(WITH_PAYLOAD, utf8('"y"'))),
    ...always('payload-altered', WITH_PAYLOAD, WITH_PAYLOAD + 1),
  },
  {
    ...{ number: 15, title: "remove a node's log from the store" },
    alter: (data) => tamper(data, (store) => store.removeLog()),
    alone: null,
    pinned: found('truncated', 0, SIZE),
  },
  {
    ...{ number: 15, title: 'remove the whole store' },
    alter: (data) => rmSync(join(data, 'log.db')),
    alone: null,
    pinned: found('truncated', 0, SIZE),
  },
];

function found(code: FindingCode, from: number, to: number): Expected {
  return { code, from, to };
}

/** The same with and without a pin. */
function always(...expected: Parameters<typeof found>): Pick<Attack, 'alone' | 'pinned'> {
  return { alone: found(...expected), pinned: found(...expected) };
}

/** Replaces stored entries, and leaves every hash as it was. */
function entriesOnly(change: (entries: Uint8Array[]) => void): Attack['alter'] {
  return (data) =>
    tamper(data, (store) => {
      const { entries, leaves } = store.read();
      change(entries);
      store.write(entries, leaves);
    });
}

/** Replaces stored entries and all hashes over them; only the signatures stay. */
function rebuilt(data: string, change: (entries: Uint8Array[]) => void): void {
  tamper(data, (store) => {
    const { entries } = store.read();
    change(entries);
    rebuild(store, entries);
  });
}

function cutToCheckpoint(data: string): void {
  tamper(data, (store) => {
    const last = store.checkpoints().at(-1);
    if (last === undefined) throw new TypeError('the log keeps no older checkpoint');
    rebuild(store, store.read().entries.slice(0, last.size));
    store.dropCheckpoints(last.size);
    store.setHead(last);
  });
}

/** The older copy, continued by its owner with other records. */
async function goOn(data: string, scene: Scene, size: number): Promise<void> {
  scene.replace(data, scene.older);
  const log = await scene.open(data);
  try {
    const drafts = Array.from({ length: size - OLDER }, (_, i) =>
      draft(OLDER + i, { event: 'ANOTHER_STORY' }),
    );
    await log.append(drafts, { source: 'demo' });
  } finally {
    await log.close();
  }
}

function otherKey(data: string): ReturnType<typeof openSoftwareKey> {
  return openSoftwareKey({ file: join(data, 'other.key'), create: 'ed25519' });
}

/** A log that says of itself that another key seals it. */
async function withOtherKey(data: string, origin: string): Promise<void> {
  const signer = otherKey(data);
  const { entries } = tamper(data, (store) => store.read());
  const details = { origin, key: vkeyOf(origin, signer), software: 'tallystick' };
  entries[0] = edited(entries[0] as Uint8Array, { details });
  await forge(data, entries, origin, signer);
}
