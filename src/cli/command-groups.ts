/** First words that several commands share, and what those are about: a line each in the overview. */
export const GROUPS: Readonly<Record<string, string>> = {
  demo: 'a sample month to look around in, and every known attack, each caught',
  evidence: 'records with all that proves them, in one file that is checked without the log',
  keys: 'keys, requests and certificates; which of them seals',
  pin: 'what you remember of a log, so that it can be held to it',
  timestamp: 'time stamp authorities (RFC 3161) that date the log',
  tokens: 'where keys live: files, PKCS#12, PKCS#11 devices',
  witness: 'others who cosign this log, and cosigning the logs of others',
};
