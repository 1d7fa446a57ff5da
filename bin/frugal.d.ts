export declare const FRUGAL: readonly string[];
