import { CKF, CKR, type Cryptoki, returnValue } from './cryptoki.ts';

/** A session of a library, as far as its neighbours are concerned. */
interface Neighbour {
  readonly isOpen: boolean;
}

/**
 * A PKCS#11 library in this process. Its state (initialised, logged in) is the process's: other users of the same
 * library in the process share it, and what they initialised is not finalised here.
 */
export class Library {
  readonly cryptoki: Cryptoki;
  readonly sessions = new Set<Neighbour>();
  readonly #path: string;
  #isLoaded = false;
  #isOurs = false;
  #isInitialized = false;

  constructor(cryptoki: Cryptoki, path: string) {
    this.cryptoki = cryptoki;
    this.#path = path;
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
   * Has the library look for its devices again, which many do only when they are initialised. Not while a neighbour
   * has a session, which would end with it. Answers whether there is any use in trying again.
   */
  restart(by: Neighbour): boolean {
    if ([...this.sessions].some((other) => other !== by && other.isOpen)) return false;
    this.#finalize();
    this.#isInitialized = false;
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
