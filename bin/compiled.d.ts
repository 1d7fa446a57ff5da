export const PROGRAM: string;
export function keepCompiled(): void;
