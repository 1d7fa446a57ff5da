/**
 * What can be said against a time stamp. Codes are stable and never re-used for something else. All are failures:
 * what merely could not be looked at is in `notChecked`.
 */
export const TIMESTAMP_FINDINGS = {
  malformed: 'it is not a time stamp token, or more than one',
  'wrong-imprint': 'it is over other bytes',
  'weak-algorithm': 'it rests on a hash that no longer holds',
  'unsupported-algorithm': 'it is made with something that is not known here',
  'wrong-nonce': 'it does not answer the request',
  'wrong-policy': 'it was issued under another policy',
  'bad-attributes': 'what the signature covers does not fit the content',
  'bad-signature': "the authority's signature does not hold",
  'wrong-signer': 'it was signed by another certificate than it names',
  'bad-purpose': 'the certificate is not for time stamps alone',
  'bad-chain': 'the certificates do not hold at the time it states',
  untrusted: 'its certificates lead to none of the roots given',
} as const;

export type TimestampCode = keyof typeof TIMESTAMP_FINDINGS;

export interface TimestampFinding {
  readonly code: TimestampCode;
  /** For people. Holds nothing that the token says, but times and names of algorithms. */
  readonly message: string;
}

/** Ends a check. */
export class UnfitToken extends Error {
  readonly code: TimestampCode;

  constructor(code: TimestampCode, message: string) {
    super(message);
    this.code = code;
  }
}
