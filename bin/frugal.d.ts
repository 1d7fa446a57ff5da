export const FRUGAL: readonly string[];
export function beFrugal(): void;
