import { CKF, CKR, type Cryptoki, returnValue } from './cryptoki.ts';

/** A session of a library, as far as its neighbours are concerned. */
interface Neighbour {
  readonly isOpen: boolean;
  /** Whether it gets its PIN by itself, and so comes back after a restart. */
  readonly logsIn: boolean;
  /** The library has forgotten it. */
  forget(): void;
}

/** Least time between restarts that interrupt a neighbour, ms. */
const INTERRUPTION_MS = 10_000;

/**
 * A PKCS#11 library in this process. Its state (initialised, logged in) is the process's: other users of the same
 * library in the process share it, and what they initialised is not finalised here.
 */
export class Library {
  readonly cryptoki: Cryptoki;
  readonly sessions = new Set<Neighbour>();
  readonly #path: string;
  readonly #clock: () => number;
  #restarted = Number.NEGATIVE_INFINITY;
  #isLoaded = false;
  #isOurs = false;
  #isInitialized = false;

  /** @param clock ms, of no particular start. */
  constructor(cryptoki: Cryptoki, path: string, clock: () => number = () => performance.now()) {
    this.cryptoki = cryptoki;
    this.#path = path;
    this.#clock = clock;
  }

  initialize(): void {
    if (this.#isInitialized) return;
    if (!this.#isLoaded) this.cryptoki.load(this.#path);
    this.#isLoaded = true;
    try {
      this.cryptoki.C_Initialize({ flags: CKF.OS_LOCKING_OK });
      this.#isOurs = true;
    } catch (error) {
      if (returnValue(error) !== CKR.CRYPTOKI_ALREADY_INITIALIZED) throw error;
    }
    this.#isInitialized = true;
  }

  /**
   * Has the library look for its devices again, which many do only when they are initialised. All sessions end with
   * it: so not while a neighbour is open that could not log in again by itself, and others not too often. Answers
   * whether there is any use in trying again.
   */
  restart(by: Neighbour): boolean {
    const open = [...this.sessions].filter((other) => other !== by && other.isOpen);
    const now = this.#clock();
    if (open.some((other) => !other.logsIn)) return false;
    if (open.length > 0 && now - this.#restarted < INTERRUPTION_MS) return false;
    this.#restarted = now;
    this.#finalize();
    this.#isInitialized = false;
    // Their handles may soon be those of others.
    for (const other of open) other.forget();
    return true;
  }

  close(): void {
    this.#finalize();
    if (this.#isLoaded) this.cryptoki.close();
  }

  #finalize(): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    try {
      this.cryptoki.C_Finalize();
    } catch (error) {
      // Somebody else has done it.
      if (returnValue(error) === null) throw error;
    }
  }
}
