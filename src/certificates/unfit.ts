export type UnfitCode =
  /** A hash or key that no longer holds. */
  | 'weak-algorithm'
  /** Something that is not known here. */
  | 'unsupported-algorithm'
  /** Certificates that do not hold at that time. */
  | 'bad-chain'
  /** They lead to none of the roots given. */
  | 'untrusted';

/** What a certificate or a signature can't be relied on for. Its message holds nothing but times and names of algorithms. */
export class Unfit extends Error {
  readonly code: UnfitCode;

  constructor(code: UnfitCode, message: string) {
    super(message);
    this.code = code;
  }
}
