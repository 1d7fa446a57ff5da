import { equalBytes, utf8 } from '../crypto/bytes.ts';
import { ProofError } from '../errors.ts';
import { parseVkey, type VerifierKey } from './keys.ts';
import { parseNote } from './note.ts';

/** What a note's signature lines came to. */
export interface OpenedNote {
  /** The signed text, its last LF included. */
  readonly text: string;
  /** Known keys whose signature is good, each once; never empty. */
  readonly verifiedBy: readonly VerifierKey[];
  /** Known keys that have a line which this platform cannot check: nothing is said about it. */
  readonly unchecked: readonly VerifierKey[];
  /** Lines that say nothing: by keys not known, or of a type that is not checked here. */
  readonly unknown: readonly { readonly name: string; readonly keyId: string }[];
}

/** The keys a verifier trusts, by name and id. */
export class Keyring {
  readonly #keys = new Map<string, VerifierKey>();

  /** Throws `ProofError` KEY_INVALID for a bad vkey, or two different keys of one name and id. */
  constructor(vkeys: readonly string[]) {
    for (const key of vkeys.map(parseVkey)) {
      const other = this.#keys.get(pair(key.name, key.id));
      // Four bytes of id are cheap to collide: with both keys in the ring, either's owner could pass for the other.
      if (other !== undefined && !(other.type === key.type && equalBytes(other.material, key.material))) {
        throw new ProofError('KEY_INVALID', `two different keys are called ${key.name}+${key.id}; give one`);
      }
      this.#keys.set(pair(key.name, key.id), key);
    }
  }

  /** The keys, each once. */
  get keys(): readonly VerifierKey[] {
    return [...this.#keys.values()];
  }

  /**
   * Opens a note (C2SP signed-note): lines of unknown keys are passed over; a bad signature of a known key refuses
   * the note, whoever else signed it. Throws `ProofError`: NOTE_INVALID when it is malformed, NOTE_UNTRUSTED when a
   * known key's signature is bad or no known key signed, KEY_INVALID when the known keys that signed are all of kinds
   * that this platform cannot check.
   */
  async open(note: string): Promise<OpenedNote> {
    const { text, signatures } = parseNote(note);
    const data = utf8(text);
    const verifiedBy = new Set<VerifierKey>();
    const unchecked = new Set<VerifierKey>();
    const unknown: { name: string; keyId: string }[] = [];
    for (const { name, keyId, signature } of signatures) {
      const key = this.#keys.get(pair(name, keyId));
      if (key?.canVerify !== true) {
        unknown.push({ name, keyId });
      } else if (!(await key.isCheckable())) {
        unchecked.add(key);
      } else if (await key.verify(data, signature)) {
        verifiedBy.add(key);
      } else {
        throw untrusted(`the signature of ${name}+${keyId} is not good`, {
          name,
          keyId,
          reason: 'bad-signature',
        });
      }
    }
    const [first] = unchecked;
    if (verifiedBy.size === 0 && first !== undefined) throw first.notCheckable();
    if (verifiedBy.size === 0) {
      const names = unknown.map((line) => `${line.name}+${line.keyId}`).join(', ');
      throw untrusted(`no key that is trusted has signed it, only ${names}`, {
        unknown,
        reason: 'unknown-key',
      });
    }
    return { text, verifiedBy: [...verifiedBy], unchecked: [...unchecked], unknown };
  }
}

function pair(name: string, id: string): string {
  return `${name}+${id}`;
}

function untrusted(message: string, context: Record<string, unknown>): ProofError {
  return new ProofError('NOTE_UNTRUSTED', message, { context });
}
