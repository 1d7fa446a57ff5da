/**
 * Every remark a dialect may leave on a record, and what it means. A flag never replaces the original, which
 * stays in `raw`: it says that the reading of it deserves a second look, and why.
 */
export const FLAGS = {
  unparsed: 'the dialect could not read this text as an event; only the original is kept',
  continuation:
    'lines without a start of their own: joined to the event that was open before them, else kept alone',
  truncated: 'the entry ends before its end mark, or was cut at the size limit',
  unterminated: 'the last line of the input has no line end; more of it may have been coming',
  ambiguous: 'the line can be read in more than one way; the reading follows the rule of the dialect',
  'possible-forgery': 'the line looks as if a value had carried a line or an entry of its own',
  'duplicate-key': 'a field stands more than once; its values became a list',
  'unknown-event': 'the catalog does not know the event',
  'unknown-field': 'the catalog knows the event but not one of its fields',
  'unknown-outcome': 'the word for the outcome is not one the system writes; taken as void',
  'outcome-deduced': 'the outcome was concluded from other fields: none was stated, or they contradict it',
  'time-uncertain': 'the time is missing, unreadable or of an uncertain zone; details keep what was written',
  'clock-mismatch': 'the time of the event and the time of writing are more than a day apart',
  'invalid-utf8': 'the bytes are not valid UTF-8; fields show U+FFFD, the original is kept as base64',
  'nul-byte': 'a NUL character stands in the text; fields show U+FFFD instead',
  'lone-surrogate': 'an escape names half of a character; fields show U+FFFD instead',
  'number-as-text': 'a number that cannot be held exactly is kept as text',
  'nested-as-text':
    'a value that a record cannot hold as it stands (too deep, or shaped like a seal) is kept as JSON text',
  'cut-member': 'a name is longer than a record allows; it is cut, the whole is in details',
  'malformed-value': 'a value does not have the form its field requires; it is kept as written',
  'encoded-value': 'a name or a value stands in an encoded form; fields show what it says',
  'field-count': 'the row has more or fewer cells than its header has columns',
} as const;

export type Flag = keyof typeof FLAGS;

/** Every remark printing may make: what of a record its system's format does not carry as it stands. */
export const PRINT_FLAGS = {
  escaped:
    'a value holds characters that the format cannot carry; it is written in the encoded form of the dialect',
  retyped: 'a value that is no text is written as text, and will be read back as text',
  'time-rounded': 'the format writes times less finely than the record tells it',
  'no-place': 'a member of the record has no place in the format and is left out',
  'foreign-event':
    'the catalog of the system does not know the event; its fields are written in their own order',
  'other-system': 'the record is of another system',
} as const;

export type PrintFlag = keyof typeof PRINT_FLAGS;
