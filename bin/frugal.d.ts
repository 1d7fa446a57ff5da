export const FRUGAL: readonly string[];
