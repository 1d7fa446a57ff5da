export declare const FRUGAL: {
  /** Options of Node. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};
