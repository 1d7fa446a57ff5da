export const FRUGAL: readonly string[];
export const FRUGAL_ENV: Readonly<Record<string, string>>;
export function beFrugal(): void;
